import { afterAll, describe, expect, test } from 'vitest';
import { deleteJson, getJson, type Json, listJson, patchJson, type Side } from '../../cluster/client.ts';
import { installSmall } from '../../helpers/move-app.ts';
import { countsOf, livePods, moveTo } from '../../helpers/moves.ts';
import { commandsIn, openShell, typedIn } from '../../helpers/printed.ts';
import { throughProxies } from '../../helpers/proxied.ts';

// The journal of an unfinished operation is there, and the record that names it is not.
const { proxies, ends } = throughProxies();
const shell = openShell();
afterAll(() => shell.close());

const WEB = { 'Deployment/web': 2 };

const typed = typedIn(shell);
const statusOf = async (code: number, namespace: string): Promise<Json> =>
  (await moveTo(code, 'status', namespace, ends)).document;
const removeStates = async (namespace: string, ...sides: readonly Side[]): Promise<void> => {
  for (const side of sides) {
    const records = await listJson(side, 'ConfigMap', namespace, 'dr-syncer.io/record=state');
    for (const { metadata } of records) await deleteJson(side, 'ConfigMap', metadata.name, namespace);
  }
};
const stoppedFailback = async (prefix: string): Promise<string> => {
  const namespace = await installSmall(prefix);
  await moveTo(0, 'cutover', namespace, ends);
  await moveTo(4, 'failback', namespace, { ...ends, args: ['--post-stop', 'false'] });
  return namespace;
};
const runsAtSource = async (namespace: string): Promise<void> => {
  expect(await statusOf(0, namespace)).toMatchObject({ live: 'source', problems: [] });
  expect(await countsOf('source', namespace)).toEqual(WEB);
  expect(await livePods('dest', namespace)).toEqual([]);
};

describe('an operation is unfinished, and its record is lost', { timeout: 300_000 }, () => {
  test('a failback that is resumed all the same ends where it was to end', async () => {
    const namespace = await stoppedFailback('lost-resume');
    // As after some rounds: a record that is made anew would be far behind.
    const copy = await getJson('source', 'ConfigMap', 'dr-syncer-source-state', namespace);
    const content = JSON.stringify({ ...JSON.parse(copy.data.content), epoch: 7 });
    await patchJson('source', 'ConfigMap', copy.metadata.name, namespace, { data: { content } });
    await removeStates(namespace, 'dest');
    await moveTo(0, 'resume', namespace, { ...ends, args: ['--without-hooks', '--post-stop', 'true'] });
    await runsAtSource(namespace);
  });

  test('on both sides: a side that the journal has stopped is not taken for the live one', async () => {
    const namespace = await stoppedFailback('lost-both');
    await removeStates(namespace, 'dest', 'source');
    const found = await statusOf(4, namespace);
    expect(found.state).toBe('unfinished-record-lost');
    const staged = await moveTo(4, 'stage', namespace, ends);
    expect(staged.document.error.message).toMatch(
      /its record is lost, and its journal says that failback .* is unfinished/,
    );
    await typed(4, commandsIn(staged.document.error.hint)[0]);
    const refused = await typed(7, `${found.next} --live-side destination`);
    expect(refused.error.message).toMatch(/^Failback .* in namespace .* of context .* has stopped the dest/);
    const repaired = await typed(0, commandsIn(refused.error.hint)[0]);
    const again = await typed(4, repaired.next);
    expect(again.state).toBe('unfinished');
    const back = again.ways.find(({ command }: Json) => command.startsWith('dr-syncer rollback '));
    await typed(0, back.command);
    expect(await statusOf(0, namespace)).toMatchObject({ live: 'dest', problems: [] });
    expect(await countsOf('dest', namespace)).toEqual(WEB);
  });

  test('and the source is silent: it can be put right without its copy', async () => {
    const namespace = await stoppedFailback('lost-silent');
    await removeStates(namespace, 'dest');
    await proxies.source.goDown();
    const found = await statusOf(4, namespace);
    expect(found.state).toBe('unfinished-record-lost');
    await typed(0, found.next);
    expect((await statusOf(4, namespace)).state).toBe('move-unfinished-source-silent');
  });
});
