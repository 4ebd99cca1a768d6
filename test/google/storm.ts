import { ask } from '../support/http.ts';

// Run as a process of its own, so that it keeps nobody else waiting: `storm.ts PORT MAC REVISION COUNT` boots that many machines at once.
const [port = '', mac = '', revision = '', count = ''] = process.argv.slice(2);

/** One machine, at an address of its own, up to its redirects. */
async function boot(n: number) {
  const from = `127.1.${n >> 8}.${n & 255}`;
  // On a busy host a request may be so late that its connection is closed: loaders, too, come back then.
  const get = async (target: string, userAgent: string, method = 'GET') => {
    for (let tries = 1; ; tries += 1) {
      const asked = ask(Number(port), target, { from, userAgent, method });
      const answer = tries < 5 ? await asked.catch(() => undefined) : await asked;
      if (answer && (answer.status !== 408 || tries === 5)) return answer;
    }
  };
  const answers = [
    await get('/boot/x86_64/boot.efi', 'UefiHttpBoot/1.0', 'HEAD'),
    await get('/boot/x86_64/boot.efi', 'UefiHttpBoot/1.0'),
    await get(`/boot.ipxe?mac=${mac}`, 'iPXE/2.0.0'),
    await get(`/asset/${revision}/kernel`, 'iPXE/2.0.0'),
    await get(`/asset/${revision}/initrd/0`, 'iPXE/2.0.0'),
  ];
  return {
    statuses: answers.map(({ status }) => status).join(' '),
    locations: answers.flatMap(({ headers }) => headers.location ?? []),
  };
}

const boots = await Promise.all(Array.from({ length: Number(count) }, (_, n) => boot(n)));
const distinct = (texts: readonly string[]) => [...new Set(texts)];
console.log(
  JSON.stringify({
    statuses: distinct(boots.map(({ statuses }) => statuses)),
    locations: distinct(boots.flatMap(({ locations }) => locations)),
  }),
);
