import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import type { Server, Workshop } from './workshop.ts';

/** The size of the one buffer that it passes an answer through. Its own choice is a memory page, 4k. */
export type BufferSize = '4k' | '64k';

/** Starts nginx as one process that answers everything with the same redirect. */
export function startRedirectingNginx(workshop: Workshop, location: string): Promise<Server> {
  return startServer(workshop, `location / { return 302 ${location}; }`);
}

/** Starts nginx as one process that serves the files of a folder. */
export function startFileNginx(workshop: Workshop, folder: string): Promise<Server> {
  return startServer(workshop, `root ${folder}; sendfile on; tcp_nopush on;`);
}

/** Starts nginx as one process that passes everything on to the storage, unbuffered, over kept connections. */
export async function startNginx(
  workshop: Workshop,
  storage: string,
  bufferSize: BufferSize,
  /** By which the URLs are signed that are asked for. */
  signedHost = new URL(storage).host,
): Promise<Server> {
  const { host } = new URL(storage);
  return startServer(
    workshop,
    `location / {
      proxy_pass http://storage;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host ${signedHost};
      proxy_buffering off;
      proxy_buffer_size ${bufferSize};
      proxy_buffers 8 ${bufferSize};
    }`,
    `upstream storage { server ${host}; keepalive 32; }`,
  );
}

async function startServer(workshop: Workshop, inside: string, beside = ''): Promise<Server> {
  const { folder } = workshop;
  const port = await freePort();
  const path = join(folder, `nginx-${port}.conf`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    path,
    `daemon off;
master_process off;
pid ${path}.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
  keepalive_requests 1000000000;
  ${beside}
  server {
    listen 127.0.0.1:${port};
    ${inside}
  }
}
`,
  );
  const running = workshop.spawn('nginx', ['-p', folder, '-e', 'stderr', '-c', path]);
  await answering(port);
  return { ...running, origin: `http://127.0.0.1:${port}` };
}

export async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error(`nginx does not listen on port ${port}: what it said is above`);
}
