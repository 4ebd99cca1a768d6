import { createHash } from 'node:crypto';
import { isName } from '../../boot/asset/asset.ts';
import { boot } from '../../boot/boot.ts';
import type { BootEvent } from '../../boot/boot-event.ts';
import { isRefusal, refuse } from '../../boot/problem.ts';
import type { World } from '../../boot/world.ts';
import { answerProblem } from '../plane/answer-problem.ts';
import { readBody } from '../plane/read-body.ts';
import { note } from '../plane/request-log.ts';
import type { BootContext } from './context.ts';
import { noteWay } from './note-way.ts';
import type { BootParts } from './parts.ts';
import { bootRequest, queryOf } from './request.ts';

const longestReport = 16 * 1024;

/**
 * `/report/{stage}`: a machine says how far it got. Said again in the same boot it changes nothing: the event's id comes from
 * what was said since which script. The answer comes when the event is kept.
 */
export async function report(ctx: BootContext, world: World, parts: BootParts): Promise<void> {
  const { stage = '' } = ctx.params;
  note(ctx, { stage });
  if (!isName(stage) || stage === 'script' || stage === 'asset')
    return answerProblem(
      ctx,
      refuse('bad-input', `"${stage.slice(0, 140)}" is no stage: report up, installed, failed or the like.`),
    );
  const reported = await boot(bootRequest(ctx, { kind: 'report' }, queryOf(ctx)), world, parts);
  noteWay(ctx, reported.way);
  if (isRefusal(reported)) return answerProblem(ctx, reported);
  const { machine } = reported.way;
  if (!machine) throw new Error('a report of no machine');
  const body = ctx.method === 'POST' ? await readBody(ctx, longestReport) : '';
  if (isRefusal(body)) return answerProblem(ctx, body);
  const script = await parts.records.lastBootEvent(machine.id, 'script');
  const event: BootEvent = {
    id: createHash('sha256')
      .update([machine.id, stage, script?.id ?? '', body].join('\0'))
      .digest('hex')
      .slice(0, 32),
    at: parts.clock().toISOString(),
    machine_id: machine.id,
    ...(script?.revision && { revision: script.revision }),
    stage,
    source: ctx.state.source.address,
    ...(body && { detail: body }),
  };
  if (ctx.method !== 'HEAD') await parts.records.addBootEvent(event);
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { machine_id: machine.id, stage };
}
