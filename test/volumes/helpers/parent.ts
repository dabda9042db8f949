// A process that copies one claim as dr-syncer would, made to be ended by kill -9 in the middle of it.
// Arguments: a JSON object {bench, journal}: the bench's root and environment, and the file that stands for the journal.
import { appendFileSync } from 'node:fs';
import { moveClaims } from '../../../src/volumes/copy-pvcs.ts';
import type { MoverRecord } from '../../../src/volumes/mover-types.ts';
import { type Bench, moveDeps, moveRequest, pair, standIn } from './stand-in.ts';

const { bench, journal } = JSON.parse(process.argv[2] ?? '{}') as { bench: Bench; journal: string };
const record = async (entry: MoverRecord): Promise<void> => {
  appendFileSync(journal, `${JSON.stringify(entry)}\n`);
};
const mover = await standIn(bench);
await moveClaims(
  [pair('data')],
  moveRequest(mover),
  moveDeps(bench, { onStarting: record, onStarted: record }),
);
