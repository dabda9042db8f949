import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { actsAlone } from '../../src/pipeline/acts-alone.ts';
import { object } from '../helpers/objects.ts';

const does = (apiVersion: string, kind: string, spec: JsonObject = {}): string | undefined =>
  actsAlone(object(apiVersion, kind, 'x', { spec }))?.does;
const OUTSIDE = 'manages resources outside the cluster';
const AT_TIMES = 'runs on a schedule';

it.each<[apiVersion: string, kind: string, spec: JsonObject, does: string | undefined]>([
  [
    'autoscaling.alibabacloud.com/v1beta1',
    'CronHorizontalPodAutoscaler',
    { scaleTargetRef: { kind: 'Deployment', name: 'web' } },
    'scales Deployment web',
  ],
  ['datadoghq.com/v1alpha1', 'WatermarkPodAutoscaler', { scaleTargetRef: {} }, 'scales a workload'],
  ['k8up.io/v1', 'Schedule', { backup: { schedule: '0 3 * * *' } }, AT_TIMES],
  ['k8s.mariadb.com/v1alpha1', 'Backup', { schedule: { cron: '0 3 * * *' } }, AT_TIMES],
  ['example.com/v1', 'CronTask', {}, AT_TIMES],
  ['example.com/v1', 'Report', { schedule: '@daily' }, AT_TIMES],
  ['rds.services.k8s.aws/v1alpha1', 'DBInstance', {}, OUTSIDE],
  ['sql.cnrm.cloud.google.com/v1beta1', 'SQLInstance', {}, OUTSIDE],
  ['dbforpostgresql.azure.com/v1api20220120preview', 'FlexibleServer', {}, OUTSIDE],
  ['example.org/v1', 'PostgreSQLInstance', { compositionRef: { name: 'aws' } }, OUTSIDE],
  ['externaldns.k8s.io/v1alpha1', 'DNSEndpoint', {}, OUTSIDE],
  ['example.com/v1', 'Crontab', { size: 1 }, undefined],
  ['example.com/v1', 'Database', { backup: { schedule: '@daily' } }, undefined],
  ['autoscaling.k8s.io/v1', 'VerticalPodAutoscaler', { targetRef: { name: 'web' } }, undefined],
  ['batch/v1', 'CronJob', { schedule: '@daily' }, undefined],
  ['autoscaling/v2', 'HorizontalPodAutoscaler', { scaleTargetRef: { name: 'web' } }, undefined],
])('%s %s %j', (apiVersion, kind, spec, expected) => {
  expect(does(apiVersion, kind, spec)).toBe(expected);
});
