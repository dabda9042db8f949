import { describe, expect, test } from 'vitest';
import { installSmall } from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, move, moveTo } from '../../helpers/moves.ts';
import { throughProxies } from '../../helpers/proxied.ts';

const { proxies, ends } = throughProxies();

const WEB = { 'Deployment/web': 2 };
const PARKED = { 'Deployment/web': 0 };
const FAILING = ['--accept-data-loss', '--pre-start', 'false'];

/** A cutover that has stopped the source and comes no further. */
const stoppedCutover = async (prefix: string): Promise<string> => {
  const namespace = await installSmall(prefix);
  await moveTo(4, 'cutover', namespace, { args: ['--post-stop', 'false'] });
  expect(await countsOf('source', namespace)).toEqual(PARKED);
  return namespace;
};

describe('a failover that closed a cutover which had stopped the source', { timeout: 240_000 }, () => {
  test('its rollback starts the source again', async () => {
    const namespace = await stoppedCutover('closed');
    await moveTo(4, 'failover', namespace, { args: FAILING });
    await move('rollback', namespace);
    expect(await countsOf('source', namespace)).toEqual(WEB);
    expect(await marksIn('source', namespace)).toEqual([]);
    const { document } = await moveTo(0, 'status', namespace);
    expect(document).toMatchObject({ live: 'source', problems: [] });
  });

  test('without the source its rollback is refused: nothing would run anywhere', async () => {
    const namespace = await stoppedCutover('closed-dead');
    await moveTo(4, 'failover', namespace, { args: FAILING });
    await proxies.source.goDown();
    const { document } = await moveTo(3, 'rollback', namespace, ends);
    expect(document.error.message).toMatch(/had stopped the source/);
    expect(document.error.hint).toMatch(/dr-syncer rollback --source-kubeconfig/);
  });

  test('--rollback-on-failure starts the source again', async () => {
    const namespace = await stoppedCutover('closed-undo');
    await moveTo(5, 'failover', namespace, { args: [...FAILING, '--rollback-on-failure'] });
    expect(await countsOf('source', namespace)).toEqual(WEB);
    const { document } = await moveTo(0, 'status', namespace);
    expect(document).toMatchObject({ live: 'source', problems: [] });
  });

  test('a second failover inherits what the first one did and closed', async () => {
    const namespace = await stoppedCutover('closed-twice');
    await moveTo(4, 'failover', namespace, {
      args: ['--accept-data-loss', '--smoke-command', 'false', '--smoke-attempts', '1'],
    });
    expect((await livePods('dest', namespace)).length).toBe(2);
    await moveTo(4, 'failover', namespace, { args: [...FAILING, '--source-given-up'] });
    await move('rollback', namespace);
    expect(await livePods('dest', namespace)).toEqual([]);
    expect(await countsOf('source', namespace)).toEqual(WEB);
    expect((await moveTo(0, 'status', namespace)).document).toMatchObject({ live: 'source', problems: [] });
  });
});
