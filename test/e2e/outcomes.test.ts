import { expect, test } from 'vitest';
import { LOCK_OPERATION, LOCK_SESSION } from '../../src/state/record-places.ts';
import { contextOf, patchJson, waitUntil } from '../cluster/client.ts';
import { installClaims, openMover } from '../helpers/data-app.ts';
import { matching, refuse, resetBeforeForward } from '../helpers/faults.ts';
import { makeGate } from '../helpers/gate.ts';
import { installSmall } from '../helpers/move-app.ts';
import { checkedMove, countsOf, marksIn, moveTo, startMove } from '../helpers/moves.ts';
import { runDr } from '../helpers/program.ts';
import { throughProxies } from '../helpers/proxied.ts';
import { complaints } from '../helpers/schema.ts';

// What a run that is refused in the middle of its own records ends with: 3 only when nothing was written at all.

const { proxies, ends } = throughProxies();

const WEB = { 'Deployment/web': 2 };
const NO = refuse(403, 'Forbidden', 'not any more');
const recordWrites = matching({ method: 'PUT', path: /\/configmaps\/dr-syncer-state$/ });
const journalWrites = matching({ method: 'POST', path: /\/configmaps$/ });

test('a move that may write none of its records has changed nothing: 3', async () => {
  const namespace = await installSmall('half');
  proxies.dest.inject({ match: journalWrites, action: NO });
  const { document } = await moveTo(3, 'cutover', namespace, ends);
  expect(document.error.message).toMatch(/not any more/);
  expect(await countsOf('source', namespace)).toEqual(WEB);
});

test('the same when the answer of a first attempt was lost: that one may have been written, so 4', async () => {
  const namespace = await installSmall('half');
  proxies.dest.inject({ match: journalWrites, times: 1, action: resetBeforeForward() });
  proxies.dest.inject({ match: journalWrites, action: NO });
  const { document } = await moveTo(4, 'cutover', namespace, ends);
  expect(document.error.message).toMatch(/nothing was stopped or started\..*not any more/);
  expect(await countsOf('source', namespace)).toEqual(WEB);
});

test('a move that has written its journal and not its record ends with 4, stops nothing, and can be undone', async () => {
  const namespace = await installSmall('half');
  proxies.dest.inject({ match: recordWrites, action: NO });
  const { document } = await moveTo(4, 'cutover', namespace, ends);
  expect(document.error.message).toMatch(/nothing was stopped or started\..*not any more/);
  expect(document.error.hint).toMatch(/dr-syncer resume .*dr-syncer rollback/);
  expect(await countsOf('source', namespace)).toEqual(WEB);
  proxies.dest.clear();
  await moveTo(4, 'status', namespace, ends);
  await moveTo(0, 'rollback', namespace, ends);
  expect(await countsOf('source', namespace)).toEqual(WEB);
  expect(await marksIn('source', namespace)).toEqual([]);
  await moveTo(0, 'status', namespace, ends);
});

test('a pre-copy that is refused after everything was staged ends with 4, and the result of the stage stays', async () => {
  const namespace = await installClaims('half-copy', { claims: ['files'], staged: false });
  const mover = openMover();
  // The stage makes the record; the pre-copy would mark it.
  proxies.dest.inject({ match: recordWrites, action: NO });
  const { kubeconfig } = ends.dest;
  const sides = [
    '--source-context',
    contextOf('source'),
    '--dest-context',
    contextOf('dest'),
    '-n',
    namespace,
  ];
  const through = ['--dest-kubeconfig', kubeconfig, '--source-kubeconfig', ends.source.kubeconfig];
  const args = ['stage', ...sides, ...through, '-o', 'json', '--migrate-pvc-data', '--pre-copy'];
  const run = await runDr(args, { env: mover.env });
  expect(run.exitCode, run.stderr).toBe(4);
  const document = JSON.parse(run.stdout);
  expect(complaints('stage-result', document)).toEqual([]);
  expect(document).toMatchObject({
    outcome: 'partial',
    exitCode: 4,
    summary: expect.stringMatching(/^The objects are staged, but no data was copied: .*not any more/),
    totals: { failed: 0, refused: 0, pending: 0 },
    preCopy: { outcome: 'partial', claims: [] },
  });
  expect(document.totals.created).toBeGreaterThan(0);
  expect(mover.noted('attempt')).toEqual([]);
});

test('the history tells of a run that has lost its lock: it ended with 6, and when', async () => {
  const namespace = await installSmall('lost');
  const gate = makeGate();
  const run = startMove('cutover', namespace, {
    args: ['--pre-stop', gate.command],
    env: { DR_SYNCER_LOCK_TTL_MS: '2000' },
  });
  await waitUntil('the hook to run', async () => /Run the pre-stop hook/.test(run.output()), 60_000);
  await patchJson('dest', 'Lease', 'dr-syncer-lock', namespace, {
    metadata: { annotations: { [LOCK_SESSION]: 'another', [LOCK_OPERATION]: 'cutover-of-ben' } },
    spec: { holderIdentity: 'ben@desk' },
  });
  const { document, exitCode, stderr } = checkedMove(await run.done);
  gate.open();
  expect([exitCode, document.outcome], stderr).toEqual([6, 'locked']);
  const { entries } = (await moveTo(0, 'history', namespace)).document;
  expect(entries).toEqual([
    expect.objectContaining({
      kind: 'cutover',
      result: 'locked',
      operationId: document.operationId,
      when: document.startedAt,
    }),
  ]);
  expect(await countsOf('source', namespace)).toEqual(WEB);
});
