/** Who made a machine, and what they call it: SMBIOS type 1, Manufacturer and Product Name (DSP0134 section 7.2). */
export interface Make {
  readonly manufacturer?: string;
  readonly product?: string;
}

/** What boards say whose maker has set nothing. */
const placeholder =
  /^(to be filled by o\.?e\.?m\.?|default string|system (manufacturer|product name|name)|o\.?e\.?m\.?|not (specified|applicable|available|set)|unknown|undefined|invalid|empty|none|null|n\/?a|[\s.0x_*?-]*)$/i;

/** The longest that is kept, in characters. */
export const longestMake = 128;

/**
 * The make in a query: `manufacturer`, `product`. Whatever cannot be read, is too long, was left unexpanded (`${product}`) or
 * means "not set" is no claim, and refuses nothing: nobody is known by it.
 */
export function claimedMake(query: (name: string) => string | undefined): Make {
  const manufacturer = makeText(query('manufacturer'));
  const product = makeText(query('product'));
  return { ...(manufacturer && { manufacturer }), ...(product && { product }) };
}

function makeText(text: string | undefined): string | undefined {
  // Fields of fixed length are filled up with spaces.
  const said = text?.trim().replaceAll(/ {2,}/g, ' ');
  return said && isMake(said) && !said.includes('${') && !placeholder.test(said) ? said : undefined;
}

/** Well-formed, without control characters, at most 128 characters. */
export function isMake(text: string): boolean {
  return new RegExp(`^[^\\p{C}\ufffd]{1,${longestMake}}$`, 'u').test(text);
}
