import { expect, test } from 'vitest';
import { type Json, listJson, patchJson } from '../../cluster/client.ts';
import { copyOf } from '../../helpers/copy.ts';

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

const kept = async (namespace: string): Promise<Json[]> =>
  (await listJson('dest', 'ConfigMap', namespace, 'dr-syncer.io/record=stash')).map(({ metadata, data }) => ({
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
      custom('custom.example.com/v1', 'Gadget', 'clock', '{ scaleTargetRef: { kind: Deployment, name: web } }'),
    ].join('\n'),
    prepare: async (source) => {
      await patchJson('source', 'PipelineRun', 'over', source, OVER);
      await patchJson('source', 'Gadget', 'broken', source, { status: { phase: 'Failed' } });
    },
    flags: { custom: true },
  });
  expect(copy.row('PipelineRun', 'over')).toMatchObject({
    action: 'skipped',
    reason: 'it is over (its condition Succeeded is True); a copy would be done again',
  });
  for (const [kind, name] of [
    ['PipelineRun', 'waits'],
    ['Service', 'hello'],
    ['Gadget', 'broken'],
    ['Gadget', 'clock'],
  ] as const)
    expect(copy.row(kind, name).action).toBe('stashed');
  expect(copy.notes('Gadget', 'clock').join()).toMatch(/As soon as it is made it scales Deployment web/);
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
  expect(later.row('PipelineRun', 'waits').reason).toMatch(/^it is over .*a failover leaves it parked$/);
  expect(await kept(copy.dest)).toContainEqual({ what: 'PipelineRun.tekton.dev/waits', leftOut: 'finished' });
  expect((await copy.again()).result.requests.dest.writes).toBe(0);
});
