import { expect, test } from 'vitest';
import { listJson } from '../../cluster/client.ts';
import { installClaims, openMover } from '../../helpers/data-app.ts';
import { countsOf, marksIn, moveTo } from '../../helpers/moves.ts';

test('F21: a data copy that is partial stops with 4 before anything starts; rollback is one command, resume copies the rest', async () => {
  const namespace = await installClaims('partial', { claims: ['bad', 'good'] });
  const mover = openMover({ bad: ['partial-failure', 'partial-failure', 'ok'] });
  const copy = { args: ['--migrate-pvc-data'], env: mover.env };
  const { document } = await moveTo(4, 'cutover', namespace, copy);
  expect(document.summary).toMatch(/1 of 2 PVCs were not copied/);
  expect(document.hint).toMatch(/resume .*rollback/);
  expect(await listJson('dest', 'Pod', namespace)).toEqual([]);
  await moveTo(0, 'rollback', namespace, { env: mover.env });
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
  expect(await marksIn('source', namespace)).toEqual([]);

  await moveTo(4, 'cutover', namespace, copy);
  await moveTo(0, 'resume', namespace, { env: mover.env });
  expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
}, 120_000);
