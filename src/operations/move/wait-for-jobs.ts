import { PartialError } from '../../errors.ts';
import { nameList } from '../../sentences.ts';
import { sleep } from '../../sleep.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveSide } from './types.ts';

/** Waits at most `timeoutMs` until no Job runs on a side; `running` names those that do. Throws PartialError. */
export const waitForJobs = async (
  side: MoveSide,
  deps: MoveDeps,
  timeoutMs: number,
  running: () => Promise<readonly string[]>,
): Promise<string> => {
  const started = performance.now();
  let told = false;
  for (;;) {
    const looked = performance.now();
    const names = await running();
    if (names.length === 0) return 'no Job runs';
    if (!told)
      deps.reporter.waiting(
        `Waiting for ${nameList(names.map((name) => `Job ${name}`))} to end in ${whereIs(side)}`,
      );
    told = true;
    if (performance.now() - started > timeoutMs) {
      throw new PartialError(
        `Jobs still run in ${whereIs(side)} after ${timeoutMs / 1000} s: ${nameList(names)}.`,
        { hint: 'Resume to wait again, or roll back; --jobs suspend stops them instead.' },
      );
    }
    // Each look lists the whole side, which may be thousands of objects: it takes a small part of the time.
    await sleep(Math.max(1000, (performance.now() - looked) * 10), deps.signal);
  }
};
