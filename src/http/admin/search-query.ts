import { type ZodType, z } from 'zod';
import { type Fields, type Search, searchable } from '../../boot/fields/field.ts';

const keyValue = z
  .string()
  .max(400)
  .transform((text, context) => {
    const [, key = '', value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (value === undefined) context.addIssue('must be KEY=VALUE');
    return { key, value: value ?? '' };
  });

/** The query parameters by which documents of this shape are searched: what the fields themselves take, one item of a list. */
export function searched<Document>() {
  return <const Declared extends Fields>(
    fields: Declared,
    shape: Readonly<Record<string, ZodType>>,
  ): {
    [Key in keyof Search<Declared, Document>]-?: z.ZodExactOptional<ZodType<Value<Declared, Document, Key>>>;
  } => {
    const parameters = searchable(fields).map(([name, { kind, flag }]) => {
      const said = shape[name] ?? z.never();
      const one = kind === 'pairs' ? keyValue : kind === 'list' ? itemOf(said) : bare(said);
      return [flag, one.exactOptional()];
    });
    return Object.fromEntries(parameters);
  };
}

type Value<Declared extends Fields, Document, Key extends keyof Search<Declared, Document>> = NonNullable<
  Search<Declared, Document>[Key]
>;

/** What a field takes, without what stands for it when it is not there. */
function bare(schema: ZodType): ZodType {
  return schema instanceof z.ZodExactOptional || schema instanceof z.ZodDefault
    ? bare(schema.unwrap() as ZodType)
    : schema;
}

function itemOf(list: ZodType): ZodType {
  const array = bare(list);
  if (!(array instanceof z.ZodArray)) throw new Error('a field that is a list must be an array');
  return array.element as ZodType;
}
