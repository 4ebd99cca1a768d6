import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadingCore, processorTime } from '../cores.ts';

/** What is asked: these targets of a server, by turns, by so many connections that are kept and ask again as soon as they have an answer. */
export interface Load {
  readonly port: number;
  /** The server's process. */
  readonly pid: number;
  readonly targets: readonly string[];
  readonly method?: string;
  readonly userAgent?: string;
  /** The only status that counts. */
  readonly status: number;
}

export interface Rate {
  /** Requests a second. */
  readonly rate: number;
  /** In ms. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the server, in microseconds a request. */
  readonly cpu: number;
}

/** It runs in LuaJIT, in wrk's one thread. */
const script = `
local targets = {}
for line in io.lines(os.getenv("TARGETS")) do targets[#targets + 1] = line end
local method, agent, status = os.getenv("METHOD"), os.getenv("AGENT"), tonumber(os.getenv("STATUS"))
local headers = {}
if agent ~= "" then headers["User-Agent"] = agent end
local n = 0
local threads = {}
function setup(thread) threads[#threads + 1] = thread end
function init() wrong = 0 end
function request()
  n = n % #targets + 1
  return wrk.format(method, targets[n], headers)
end
function response(code) if code ~= status then wrong = wrong + 1 end end
function done(summary, latency)
  local e = summary.errors
  local wrong = threads[1]:get("wrong")
  io.write(string.format('\\n{"requests":%d,"microseconds":%d,"p50":%f,"p99":%f,"failed":%d,"wrong":%d}',
    summary.requests, summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.connect + e.read + e.write + e.timeout, wrong))
end
`;

/** Loads a server with wrk for so many seconds. Rejects where an answer was another than was expected. */
export async function loaded(
  folder: string,
  { port, pid, targets, method = 'GET', userAgent = '', status }: Load,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<Rate> {
  const [lua, list] = [join(folder, 'load.lua'), join(folder, 'targets')];
  writeFileSync(lua, script);
  writeFileSync(list, `${targets.join('\n')}\n`);
  const before = processorTime(pid);
  const wrk = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', lua];
  const { stdout } = await promisify(execFile)(
    'taskset',
    ['--cpu-list', String(loadingCore), ...wrk, `http://127.0.0.1:${port}`],
    { env: { ...process.env, TARGETS: list, METHOD: method, AGENT: userAgent, STATUS: String(status) } },
  );
  const said = JSON.parse(stdout.slice(stdout.lastIndexOf('\n{')));
  const { requests, microseconds, p50, p99, failed, wrong } = said;
  if (failed + wrong > 0)
    throw new Error(
      `of ${requests} answers by port ${port} ${wrong} were no ${status}, and ${failed} failed`,
    );
  if (requests === 0) throw new Error(`port ${port} answered nothing in ${seconds} s`);
  return { rate: requests / (microseconds / 1e6), p50, p99, cpu: (processorTime(pid) - before) / requests };
}
