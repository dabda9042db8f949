import { expect, test } from 'vitest';
import { deployment, giveAddress, installYaml, loadBalancer } from '../../helpers/move-app.ts';
import { beginMove, moveTo } from '../../helpers/moves.ts';

// Nothing in these clusters gives addresses; the test does, as a cloud would.

const stepOf = (document: { steps: { id: string; detail?: string }[] }): string | undefined =>
  document.steps.find(({ id }) => id === 'addresses')?.detail;

test('a cutover waits for the addresses of what had one, and goes on as soon as they are there', async () => {
  const namespace = await installYaml(
    'entrance',
    `${deployment('web', 1)}${loadBalancer('shop')}${loadBalancer('internal')}`,
  );
  await giveAddress('source', 'shop', namespace);
  const run = beginMove('cutover', namespace);
  await run.says(/Waiting for the addresses of Service shop in/);
  await giveAddress('dest', 'shop', namespace);
  const { exitCode, document, stderr } = await run.done;
  expect(exitCode, stderr).toBe(0);
  expect(stepOf(document)).toBe('1 address assigned');
});

test('an address that does not come is named, and does not make the move fail', async () => {
  const namespace = await installYaml('no-entrance', `${deployment('web', 1)}${loadBalancer('shop')}`);
  await giveAddress('source', 'shop', namespace);
  const { document } = await moveTo(0, 'cutover', namespace, { args: ['--wait-timeout', '5s'] });
  expect(document.warnings.join(' ')).toContain('has no address yet');
  expect(stepOf(document)).toMatch(/ready, but no address yet: Service shop/);
});
