import { expect, test } from 'vitest';
import { isDrError, LockedError, RefusedError } from '../../../src/common/errors.ts';
import { silentReporter } from '../../../src/common/reporter.ts';
import { openWriter } from '../../../src/kube/cluster.ts';
import { runMove } from '../../../src/moves/run-move.ts';
import { openSide } from '../../../src/sides/side.ts';
import { installSmall } from '../../helpers/move-app.ts';
import { checkedMove, countsOf, move, startMove, watchPods } from '../../helpers/moves.ts';
import { MOVE } from '../../helpers/preflight.ts';
import { CLUSTER, contextFor } from '../../helpers/stage.ts';

const HELD = /@\w+ has held the lock of namespace \S+ in context \S+ for (less than )?\d+ m?s/;

test('F5: two operators start a cutover in the same instant, 88 times inside one process: exactly one runs', async () => {
  const namespace = await installSmall('race');
  const operators = await Promise.all(
    ['ann@here', 'bob@there'].map((operator) => openOperator(namespace, operator)),
  );
  for (let round = 0; round < 88; round++) {
    let ran = 0;
    // Who runs holds the lock until the other one has been refused.
    const starts: Promise<unknown>[] = operators.map((operator, index) =>
      operator.start(async () => {
        if (++ran === 1) await starts[1 - index];
      }),
    );
    const ends = await Promise.all(starts);
    expect(ran, `round ${round}`).toBe(1);
    const locked = ends.filter((end) => end instanceof LockedError);
    expect(locked.length, `round ${round}: ${ends}`).toBe(1);
    expect((locked[0] as LockedError).message).toMatch(HELD);
  }
  await Promise.all(operators.map((operator) => operator.close()));
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
}, 240_000);

test('F5: two whole commands at once, 8 times there and back inside one process: exit 6 with holder and age', async () => {
  const namespace = await installSmall('race-moves');
  const watch = await watchPods(namespace);
  for (let round = 0; round < 8; round++) {
    const verb = round % 2 === 0 ? 'cutover' : 'failback';
    const runs = await Promise.all(
      ['ann@here', 'bob@there'].map((operator) =>
        move(verb, namespace, { operator, args: ['--hold', '1s'] }),
      ),
    );
    expect(runs.map(({ exitCode }) => exitCode).sort(), runs.map(({ stderr }) => stderr).join('\n')).toEqual([
      0, 6,
    ]);
    const loser = runs.find(({ exitCode }) => exitCode === 6);
    expect(loser?.document.error.message).toMatch(HELD);
  }
  await watch.stop();
  expect(watch.both).toEqual([]);
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
}, 180_000);

test('F5: two processes at once, 4 times there and back', async () => {
  const namespace = await installSmall('race-cli');
  for (let round = 0; round < 4; round++) {
    const verb = round % 2 === 0 ? 'cutover' : 'failback';
    const hold = ['--hold', '8s'];
    const pair = [1, 2].map(() => startMove(verb, namespace, { args: hold }));
    const runs = (await Promise.all(pair.map(({ done }) => done))).map(checkedMove);
    expect(runs.map(({ exitCode }) => exitCode).sort(), runs.map(({ stderr }) => stderr).join('\n')).toEqual([
      0, 6,
    ]);
    expect(runs.find(({ exitCode }) => exitCode === 6)?.document.error.message).toMatch(
      /has held the lock .* for /,
    );
  }
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
}, 240_000);

/** An operator with connections of his own, who starts a cutover that gives up after its first step. */
const openOperator = async (namespace: string, operator: string) => {
  const clusters = {
    source: openWriter(contextFor('source'), CLUSTER),
    dest: openWriter(contextFor('dest'), CLUSTER),
  };
  const { signal } = new AbortController();
  const source = await openSide(clusters.source, namespace, 'source', signal);
  const dest = await openSide(clusters.dest, namespace, 'dest', signal);
  return {
    close: () => Promise.all(Object.values(clusters).map((cluster) => cluster.close())),
    start: async (onRun: () => Promise<void>): Promise<unknown> => {
      try {
        return await runMove({
          kind: 'cutover',
          source,
          dest,
          sourceName: undefined,
          uids: { source: undefined, dest: undefined },
          options: MOVE,
          journalOptions: {},
          operator,
          commandLine: 'dr-syncer cutover',
          version: '0.0.0-test',
          takeOver: false,
          process: { id: operator, lifeOf: () => 'alive' },
          redact: (text) => text,
          reporter: silentReporter,
          signal,
          resume: undefined,
          converge: async () => {
            await onRun();
            throw new RefusedError('This is as far as the test goes.');
          },
        });
      } catch (error) {
        if (!isDrError(error)) throw error;
        return error;
      }
    },
  };
};
