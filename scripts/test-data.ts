/**
 * npm run test:data: the copy of volume data with the real pv-migrate on two clusters whose nodes run containers,
 * named by DR_SYNCER_TEST_SOURCE and DR_SYNCER_TEST_DEST (contexts of $KUBECONFIG). Whatever of that is missing is
 * named, and nothing is run then: the rest of the tests use a stand-in for the program.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '../src/common/errors.ts';
import { findMover } from '../src/volumes/find-mover.ts';
import { versionText } from '../src/volumes/mover-dialects.ts';
import { startPair } from '../test/cluster/harness.ts';

const ROOT = join(import.meta.dirname, '..');

try {
  const missing = [await lacksProgram(), ...(await lacksClusters())].filter((why) => why !== undefined);
  for (const why of missing) say(`skipped: ${why}`);
  if (missing.length > 0) say('0 passed, 0 failed, 1 skipped');
  else process.exitCode = runSuite();
} catch (error) {
  // Clusters that were named and cannot be used are no reason to skip.
  say(`failed: ${errorText(error)}`);
  say('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}

async function lacksProgram(): Promise<string | undefined> {
  try {
    const { path, dialect } = await findMover({ env: process.env });
    say(`pv-migrate ${versionText(dialect.version)}: ${path}`);
    return undefined;
  } catch (error) {
    return `pv-migrate: ${errorText(error)}`;
  }
}

async function lacksClusters(): Promise<(string | undefined)[]> {
  if (!process.env['DR_SYNCER_TEST_SOURCE'] || !process.env['DR_SYNCER_TEST_DEST']) {
    return [
      'nodes: DR_SYNCER_TEST_SOURCE and DR_SYNCER_TEST_DEST name no clusters, and the nodes of the local ' +
        'clusters are simulated, so no container runs there.',
    ];
  }
  const { source, dest } = await startPair();
  return (await Promise.all([source, dest].map(lacksNodesAndClass))).flat();
}

// biome-ignore lint/suspicious/noExplicitAny: raw Kubernetes JSON
type Json = any;

async function lacksNodesAndClass({
  context,
  api,
}: Awaited<ReturnType<typeof startPair>>['source']): Promise<(string | undefined)[]> {
  const nodes = (await api('GET', '/api/v1/nodes')).body?.items ?? [];
  const classes = (await api('GET', '/apis/storage.k8s.io/v1/storageclasses')).body?.items ?? [];
  const isReal = ({ status }: Json): boolean => !String(status?.nodeInfo?.kubeletVersion).startsWith('kwok');
  const makesVolumes = ({ metadata, provisioner }: Json): boolean =>
    metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' &&
    provisioner !== 'kubernetes.io/no-provisioner';
  return [
    nodes.some(isReal) ? undefined : `nodes: context ${context} has no node that runs containers.`,
    classes.some(makesVolumes)
      ? undefined
      : `storage: context ${context} has no default StorageClass that makes volumes.`,
  ];
}

function runSuite(): number {
  const scratch = mkdtempSync(join(tmpdir(), 'dr-syncer-test-data-'));
  const report = join(scratch, 'report.json');
  const { status } = spawnSync(
    join(ROOT, 'node_modules', '.bin', 'vitest'),
    [
      ...['run', '--project', 'cluster', 'test/e2e/data/real.test.ts'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ],
    { cwd: ROOT, stdio: 'inherit', env: { ...process.env, DR_SYNCER_TEST_DATA: 'real' } },
  );
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
    say(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return status ?? 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
