import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { controlledBy, judged } from '../../helpers/filters.ts';
import { object } from '../../helpers/objects.ts';

const run = (apiVersion: string, kind: string, status: JsonObject, more: JsonObject = {}): KubeObject =>
  object(apiVersion, kind, 'one', { status, ...more });
const condition = (type: string, status: string): JsonObject => ({ conditions: [{ type, status }] });
const TEKTON = 'tekton.dev/v1';

describe('F38: runs of custom resources', () => {
  test.each([
    [TEKTON, 'PipelineRun', condition('Succeeded', 'True'), 'its condition Succeeded is True'],
    [TEKTON, 'TaskRun', condition('Succeeded', 'False'), 'its condition Succeeded is False'],
    [TEKTON, 'CustomRun', { completionTime: '2026-01-02T03:04:05Z' }, 'status.completionTime is set'],
    ['argoproj.io/v1alpha1', 'Workflow', { phase: 'Error' }, 'status.phase is Error'],
    ['argoproj.io/v1alpha1', 'AnalysisRun', { phase: 'Inconclusive' }, 'status.phase is Inconclusive'],
    ['argoproj.io/v1alpha1', 'Experiment', { phase: 'Successful' }, 'status.phase is Successful'],
    ['postgresql.cnpg.io/v1', 'Backup', { phase: 'completed' }, 'status.phase is completed'],
    [
      'pxc.percona.com/v1',
      'PerconaXtraDBClusterRestore',
      { state: 'Succeeded' },
      'status.state is Succeeded',
    ],
    [
      'psmdb.percona.com/v1',
      'PerconaServerMongoDBBackup',
      { completed: 'at noon' },
      'status.completed is set',
    ],
    ['kafka.strimzi.io/v1beta2', 'KafkaRebalance', condition('Ready', 'True'), 'its condition Ready is True'],
    ['ray.io/v1', 'RayJob', { jobStatus: 'SUCCEEDED' }, 'status.jobStatus is SUCCEEDED'],
    ['jobset.x-k8s.io/v1alpha2', 'JobSet', { terminalState: 'Failed' }, 'status.terminalState is Failed'],
    [
      'sparkoperator.k8s.io/v1beta2',
      'SparkApplication',
      { applicationState: { state: 'COMPLETED' } },
      'status.applicationState.state is COMPLETED',
    ],
  ] as const)('%s %s %j is left out', (version, kind, status, sign) => {
    expect(judged(run(version, kind, JSON.parse(JSON.stringify(status))))).toBe(
      `skip: it has finished (${sign}); a copy would run again`,
    );
  });

  test.each([
    ['a run that has not begun', run(TEKTON, 'PipelineRun', {})],
    ['a run that is under way', run(TEKTON, 'PipelineRun', condition('Succeeded', 'Unknown'))],
    ['a run without the time of its end yet', run(TEKTON, 'TaskRun', { completionTime: '' })],
    ['a schedule of backups', run('postgresql.cnpg.io/v1', 'ScheduledBackup', { phase: 'completed' })],
    [
      'a backup with a schedule that has failed once',
      run(
        'k8s.mariadb.com/v1alpha1',
        'Backup',
        { phase: 'Failed' },
        { spec: { schedule: { cron: '@daily' } } },
      ),
    ],
    ['an object that is ready', run('example.com/v1', 'Cache', condition('Ready', 'True'))],
    ['a Deployment that reports a failure', run('apps/v1', 'Deployment', condition('Failed', 'True'))],
    // A service that goes on may report the same: prepare keeps such a manifest instead.
    ['an unknown kind that reports a failure', run('example.com/v1', 'Database', { phase: 'Failed' })],
  ])('%s is kept', (_what, source) => {
    expect(judged(source, [], { isLasting: (kind) => kind === 'ScheduledBackup.postgresql.cnpg.io' })).toBe(
      'keep',
    );
  });

  test('an unknown kind that is over is left out, unless it has a scale subresource', () => {
    const import_ = run('example.com/v1', 'Import', condition('Complete', 'True'));
    expect(judged(import_)).toMatch(/^skip: .*if it must be copied, mark it dr-syncer.io\/one-shot=false$/);
    expect(judged(import_, [], { isLasting: () => true })).toBe('keep');
  });

  test('a kind that the user names is over when it has failed too, and the mark of an object wins', () => {
    const named = { oneShotKinds: ['Import.example.com'], isLasting: () => true };
    const failed = run('example.com/v1', 'Import', { phase: 'Failed' });
    expect(judged(failed, [], named)).toBe(
      'skip: it has finished (status.phase is Failed); a copy would run again',
    );
    expect(judged(failed, [], { oneShotKinds: ['Import.other.com'] })).toBe('keep');
    const metadata = { labels: { 'dr-syncer.io/one-shot': 'false' } };
    expect(judged(run('example.com/v1', 'Import', { phase: 'Failed' }, { metadata }), [], named)).toBe(
      'keep',
    );
  });

  test('the mark of the user decides, as a label or an annotation', () => {
    const marked = (where: string, value: string, status: JsonObject): KubeObject =>
      run('example.com/v1', 'Import', status, {
        metadata: { [where]: { 'dr-syncer.io/one-shot': value } },
      });
    expect(judged(marked('annotations', 'false', { phase: 'Completed' }))).toBe('keep');
    expect(judged(marked('labels', 'false', { phase: 'Completed' }))).toBe('keep');
    expect(judged(marked('labels', 'true', { phase: 'Failed' }))).toMatch(/^skip: it has finished/);
    expect(judged(marked('labels', 'yes', {}))).toBe(
      'refuse: its dr-syncer.io/one-shot is "yes"; set it to "true" or "false", or remove it',
    );
  });

  test('what a run that is over has made is copied without it, as nobody makes it again', () => {
    const over = run(TEKTON, 'PipelineRun', condition('Succeeded', 'True'));
    const owner = { ...over, metadata: { ...over.metadata, uid: 'uid-one' } };
    const made = object('apps/v1', 'Deployment', 'preview', {
      metadata: { ownerReferences: [controlledBy(TEKTON, 'PipelineRun', 'one')] },
    });
    expect(judged(made, [owner])).toMatch(
      /^warn: copied without its owner PipelineRun one \(which is left out: /,
    );
  });
});
