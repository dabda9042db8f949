import { describe, expect, it, onTestFinished } from 'vitest';
import {
  applyObject,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  kubectl,
  type Side,
  waitUntil,
} from '../../cluster/client.ts';
import { moveTo } from '../../helpers/moves.ts';
import { stageWell } from '../../helpers/stage.ts';

const WHY = 'skipped: needs the real pv-migrate and nodes that run containers (npm run test:data)';
const MINUTES = 60_000;

describe('with the real program', () => {
  it(
    'moves files there and back, verified by checksum, and deletes what the source does not have',
    async (context) => {
      context.skip(process.env['DR_SYNCER_TEST_DATA'] !== 'real', WHY);
      const namespace = freshNamespace('real');
      onTestFinished(async () => {
        for (const side of ['source', 'dest'] as const) await deleteJson(side, 'Namespace', namespace);
      });
      await createNamespace('source', namespace);
      await applyObject('source', CLAIM, namespace);
      await applyObject('source', WEB, namespace);
      await ready('source', namespace);
      await inWeb('source', namespace, 'mkdir -p /data/d && echo one > /data/d/a && echo two > /data/b');
      await stageWell(namespace);

      const args = ['--verify', 'checksum', '--verify-run-as-user', '0', '--wait-timeout', '5m'];
      const out = await moveTo(0, 'cutover', namespace, { args: ['--migrate-pvc-data', ...args] });
      expect(out.document.claims).toMatchObject([
        { claim: 'files', status: 'copied', verification: { outcome: 'equal' } },
      ]);
      expect(await inWeb('dest', namespace, 'cat /data/d/a /data/b')).toBe('one\ntwo\n');
      await inWeb('dest', namespace, 'rm /data/b && echo three > /data/c');

      const home = await moveTo(0, 'failback', namespace, { args: ['--reverse-migrate-pvc-data', ...args] });
      expect(home.document.claims).toMatchObject([{ status: 'copied', verification: { outcome: 'equal' } }]);
      expect(await inWeb('source', namespace, 'cd /data && ls -d b c d/a 2>/dev/null; true')).toBe(
        'c\nd/a\n',
      );
      for (const side of ['source', 'dest'] as const) {
        const left = await kubectl(side, [
          ...['get', 'jobs,deployments,secrets,services', '-n', namespace, '-o', 'name'],
          ...['-l', 'app.kubernetes.io/name=pv-migrate'],
        ]);
        expect(left.stdout.trim()).toBe('');
      }
    },
    30 * MINUTES,
  );
});

const ready = (side: Side, namespace: string): Promise<Json> =>
  waitUntil(
    'web to run',
    async () => (await getJson(side, 'Deployment', 'web', namespace))?.status?.readyReplicas === 1,
    5 * MINUTES,
  );

const inWeb = async (side: Side, namespace: string, script: string): Promise<string> => {
  await ready(side, namespace);
  const run = await kubectl(side, ['exec', '-n', namespace, 'deploy/web', '--', 'sh', '-c', script]);
  expect(run.exitCode, run.stderr).toBe(0);
  return run.stdout;
};

const CLAIM = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'files' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } },
};

const WEB = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'main',
            image: 'docker.io/library/busybox:1.37',
            command: ['sleep', '86400'],
            volumeMounts: [{ name: 'files', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'files', persistentVolumeClaim: { claimName: 'files' } }],
      },
    },
  },
};
