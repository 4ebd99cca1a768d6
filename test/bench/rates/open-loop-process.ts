import { tell } from '../tell.ts';
import { type OpenLoop, openLoop } from './open-loop.ts';

/** The open loop in a process of its own: told its options as JSON, it tells what it saw, and ends. */
tell(await openLoop(JSON.parse(process.argv[2] ?? '') as OpenLoop));
