import { randomUUIDv7 } from 'node:crypto';
import { isName } from '../../boot/asset/asset-name.ts';
import { boot } from '../../boot/boot.ts';
import { isOwnStage, keptDetail } from '../../boot/history/boot-record.ts';
import { isRefusal, type Refusal, refuse } from '../../boot/problem.ts';
import type { World } from '../../boot/world.ts';
import { answerProblem } from '../plane/answer-problem.ts';
import { readBody } from '../plane/read-body.ts';
import { note } from '../plane/request-log.ts';
import type { Told } from './boot-log.ts';
import type { BootTraces } from './boot-trace.ts';
import type { BootContext } from './context.ts';
import { noteWay } from './note-way.ts';
import type { BootParts } from './parts.ts';
import type { ReportLimits } from './report-limits.ts';
import { bootRequest, queryOf } from './request.ts';

const longestReport = 16 * 1024;

/**
 * `/report/{stage}`: a machine says how far it got. It is one step of its boot however often it is said, and the last words
 * count. The answer comes when it is on disk.
 */
export async function report(
  ctx: BootContext,
  world: World,
  limits: ReportLimits,
  traces: BootTraces,
  parts: BootParts,
): Promise<void> {
  const { stage = '' } = ctx.params;
  const { address } = ctx.state.source;
  note(ctx, { stage });
  const tooMany = limits.ofSource(address);
  if (tooMany) return answerProblem(ctx, tooMany);
  if (!isName(stage) || isOwnStage(stage)) return answerProblem(ctx, noStage(stage));
  const reported = await boot(bootRequest(ctx, { kind: 'report' }, queryOf(ctx)), world, parts);
  noteWay(ctx, reported.way);
  traces.placeReport(ctx, reported.way);
  if (isRefusal(reported)) return answerProblem(ctx, reported);
  const { machine, boot: named } = reported.way;
  if (!machine) throw new Error('a report of no machine');
  const tooFast = limits.ofMachine(machine.id);
  if (tooFast) return answerProblem(ctx, tooFast);
  const body = ctx.method === 'POST' ? await readBody(ctx, longestReport) : '';
  if (isRefusal(body)) return answerProblem(ctx, body);
  const step = {
    at: parts.clock().toISOString(),
    stage,
    source: address,
    ...(body && { detail: keptDetail(body) }),
  };
  const entry = {
    machine_id: machine.id,
    ...(named !== undefined && { boot: named }),
    owned: false,
    step,
    fresh: randomUUIDv7(),
  };
  if (ctx.method !== 'HEAD') await written(entry, parts);
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { machine_id: machine.id, stage };
}

async function written(entry: Told, { records, metrics }: BootParts): Promise<void> {
  const { stage } = entry.step;
  try {
    await records.addBootEntry(entry);
  } catch (error) {
    metrics.bootEvents.inc({ stage, outcome: 'lost' });
    throw error;
  }
  metrics.bootEvents.inc({ stage, outcome: 'written' });
}

function noStage(stage: string): Refusal {
  return refuse(
    'bad-input',
    `"${stage.slice(0, 140)}" is no stage: report up, installed, failed or the like.`,
  );
}
