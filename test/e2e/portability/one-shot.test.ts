import { expect, test } from 'vitest';
import { applyObject, deleteJson, type Json, listJson, patchJson } from '../../cluster/client.ts';
import { copyOf } from '../../helpers/copy.ts';
import { stageNamespace } from '../../helpers/stage.ts';

const custom = (apiVersion: string, kind: string, name: string, spec: string): string => `
---
apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: ${name} }
spec: ${spec}`;
const run = (name: string): string =>
  custom('tekton.dev/v1', 'PipelineRun', name, '{ pipelineRef: { name: deploy } }');
const OVER = { status: { conditions: [{ type: 'Succeeded', status: 'True' }] } };
const KNATIVE = 'services.serving.knative.dev';

const stashes = (namespace: string): Promise<Json[]> =>
  listJson('dest', 'ConfigMap', namespace, 'dr-syncer.io/record=stash');
const kept = async (namespace: string): Promise<Json[]> =>
  (await stashes(namespace)).map(({ metadata, data }) => ({
    what: `${data.kind}/${data.name}`,
    leftOut: metadata.annotations?.['dr-syncer.io/left-out'],
  }));

test('F38, T26: a run that is over is left out, one that is not is kept, a schedule is suspended, Knative waits', async () => {
  const copy = await copyOf('one-shot', {
    yaml: [
      run('over'),
      run('waits'),
      custom('postgresql.cnpg.io/v1', 'ScheduledBackup', 'nightly', '{ schedule: "0 0 0 * * *" }'),
      custom('serving.knative.dev/v1', 'Service', 'hello', '{ template: {} }'),
      custom('custom.example.com/v1', 'Gadget', 'broken', '{ size: 1 }'),
      custom(
        'custom.example.com/v1',
        'Gadget',
        'clock',
        '{ scaleTargetRef: { kind: Deployment, name: web } }',
      ),
    ].join('\n'),
    prepare: async (source) => {
      await patchJson('source', 'PipelineRun', 'over', source, OVER);
      await patchJson('source', 'Gadget', 'broken', source, { status: { phase: 'Failed' } });
    },
    flags: { custom: true },
  });
  expect(copy.row('PipelineRun', 'over')).toMatchObject({
    action: 'skipped',
    reason: 'it has finished (its condition Succeeded is True); a copy would run again',
  });
  for (const [kind, name] of [
    ['PipelineRun', 'waits'],
    ['Service', 'hello'],
    ['Gadget', 'broken'],
    ['Gadget', 'clock'],
  ] as const)
    expect(copy.row(kind, name).action).toBe('stashed');
  expect(copy.notes('Gadget', 'clock').join()).toMatch(/As soon as it is created it scales Deployment web/);
  expect(copy.notes('Gadget', 'broken').join()).toMatch(/one-shot=true to leave it out/);
  expect(await listJson('dest', 'PipelineRun', copy.dest)).toEqual([]);
  expect(await listJson('dest', KNATIVE, copy.dest)).toEqual([]);
  expect((await copy.to('ScheduledBackup', 'nightly')).spec).toEqual({
    schedule: '0 0 0 * * *',
    suspend: true,
  });
  const again = await copy.again();
  expect(again.result.requests.dest.writes).toBe(0);
  expect((await kept(copy.dest)).map(({ what }) => what).sort()).toEqual([
    'Gadget.custom.example.com/broken',
    'Gadget.custom.example.com/clock',
    'PipelineRun.tekton.dev/waits',
    'Service.serving.knative.dev/hello',
  ]);

  await patchJson('source', 'PipelineRun', 'waits', copy.source, OVER);
  const later = await copy.again();
  expect(later.row('PipelineRun', 'waits').reason).toMatch(/^it has finished .*a failover leaves it parked$/);
  expect(await kept(copy.dest)).toContainEqual({ what: 'PipelineRun.tekton.dev/waits', leftOut: 'finished' });
  expect((await copy.again()).result.requests.dest.writes).toBe(0);
});

test('F38, A30: kinds that are named are done once, and --prune deletes the manifests of what is over or gone', async () => {
  const copy = await copyOf('one-shot-kinds', {
    yaml: [
      custom('custom.example.com/v1', 'Gadget', 'import', '{ size: 1 }'),
      custom('custom.example.com/v1', 'Gadget', 'stays', '{ size: 1 }'),
      run('waits'),
    ].join('\n'),
    flags: { custom: true, oneShotKinds: ['Gadget.custom.example.com'] },
  });
  expect(copy.row('Gadget', 'import').action).toBe('stashed');
  expect(await kept(copy.dest)).toHaveLength(3);
  await patchJson('source', 'Gadget', 'import', copy.source, { status: { phase: 'Failed' } });
  await deleteJson('source', 'PipelineRun', 'waits', copy.source);

  const shown = await copy.again({ prune: true, dryRun: true });
  const gone = [
    ['Gadget', 'import', 'it has finished .status.phase is Failed.; '],
    ['PipelineRun', 'waits', 'it is gone from the source; '],
  ] as const;
  for (const [kind, name, reason] of gone)
    expect(shown.row(kind, name)).toMatchObject({
      action: 'deleted',
      reason: expect.stringMatching(new RegExp(`^${reason}.*its manifest was kept until now$`)),
    });
  expect(shown.result.orphans.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    'Gadget import',
    'PipelineRun waits',
  ]);
  expect(await kept(copy.dest)).toHaveLength(3);

  const theirs = {
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    ...(await stashes(copy.dest)).find(({ data }) => data.name === 'waits'),
    metadata: { name: 'theirs', namespace: copy.dest, labels: { 'dr-syncer.io/record': 'stash' } },
  };
  await applyObject('dest', theirs);
  const pruned = await copy.again({ prune: true });
  for (const [kind, name] of gone) expect(pruned.row(kind, name).action).toBe('deleted');
  const left = (await stashes(copy.dest)).map(({ metadata, data }) => [
    data.name,
    metadata.name === 'theirs',
  ]);
  expect(left.sort()).toEqual([
    ['stays', false],
    ['waits', true],
  ]);
  expect((await copy.again({ prune: true })).result.requests.dest.writes).toBe(0);

  const slip = stageNamespace(copy.source, { custom: true, oneShotKinds: ['Gadgit.custom.example.com'] });
  await expect(slip).rejects.toThrow(/no custom resources "Gadgit.*did you mean "Gadget.custom.example.com"/);
});
