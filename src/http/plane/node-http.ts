import { createRequire } from 'node:module';

/**
 * Node's HTTP/1 server. Not by import, which reads every export: one of them, WebSocket, loads all of fetch behind it, and that
 * takes half as long as a bare server takes to start.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');

/** By require for the same reason: its other build imports node:http. */
export const { Router }: typeof import('@koa/router') = createRequire(import.meta.url)('@koa/router');
