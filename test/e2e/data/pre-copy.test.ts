import { describe, expect, it } from 'vitest';
import { applyObject, contextOf, type Json, listJson, pair } from '../../cluster/client.ts';
import { startCli } from '../../cluster/run-cli.ts';
import { installClaims, type MoverBench, openMover } from '../../helpers/data-app.ts';
import { makeGate } from '../../helpers/gate.ts';
import { moveTo } from '../../helpers/moves.ts';
import { runDr } from '../../helpers/program.ts';
import { complaints } from '../../helpers/schema.ts';
import { hasRow, stageNamespace } from '../../helpers/stage.ts';
import { untilNoted } from '../../volumes/helpers/stand-in.ts';

interface How {
  readonly output?: string;
  readonly args?: readonly string[];
}

const argvOf = (namespace: string, { output = 'json', args = [] }: How): string[] => [
  ...['stage', '--source-context', contextOf('source'), '--dest-context', contextOf('dest'), '-n', namespace],
  ...['-o', output, '--migrate-pvc-data', '--pre-copy', ...args],
];

const preCopy = async (
  code: number,
  namespace: string,
  mover: MoverBench,
  how: How = {},
): Promise<{ document: Json; lines: Json[]; stderr: string }> => {
  const env = { ...mover.env, KUBECONFIG: pair().kubeconfig };
  const run = await runDr(argvOf(namespace, how), { env });
  expect(run.exitCode, run.stderr).toBe(code);
  const texts = how.output === 'ndjson' ? run.stdout.trim().split('\n') : [run.stdout];
  const lines = texts.map((text) => JSON.parse(text));
  return { document: lines.at(-1), lines, stderr: run.stderr };
};

describe('stage --migrate-pvc-data --pre-copy', () => {
  it('D21, D48, D59, D60, D61: copies while the source runs, deletes nothing, says that it is not consistent, tells events', async () => {
    const namespace = await installClaims('precopy', { claims: ['files'], staged: false });
    const mover = openMover({ files: { name: 'slow', ms: 3500 } });
    const plan = await preCopy(0, namespace, mover, { args: ['--dry-run'] });
    expect(plan.document.preCopy.plan.join('\n')).toContain('--ignore-mounted');
    expect(complaints('stage-result', plan.document)).toEqual([]);
    expect(mover.noted('attempt')).toEqual([]);

    const run = await preCopy(0, namespace, mover, { output: 'ndjson' });
    expect(run.stderr).toMatch(/this pre-copy is not consistent/);
    const events = run.lines.filter(({ event }) => String(event).startsWith('claim-'));
    expect(events.at(-1)).toMatchObject({ event: 'claim-finished', claim: 'files', status: 'copied' });
    const progress = events.filter(({ event }) => event === 'claim-progress');
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.at(-1)).toMatchObject({
      claim: 'files',
      bytes: expect.any(Number),
      rate: expect.any(Number),
    });
    expect(run.document).toMatchObject({
      outcome: 'ok',
      preCopy: { consistent: false, claims: [{ claim: 'files', status: 'copied' }] },
    });
    const { argv = [] } = mover.noted('start').at(-1) ?? {};
    expect(argv).toContain('--ignore-mounted');
    expect(argv).not.toContain('--dest-delete-extraneous-files');
    expect((await listJson('source', 'Pod', namespace)).length).toBe(2);
    const status = (await moveTo(0, 'status', namespace)).document;
    expect(status.lastDataCopy).toBeUndefined();
    expect(status.mixedData).toMatchObject({ side: 'dest', by: 'a pre-copy' });
  }, 180_000);

  it('D59: keeps everybody else out while it copies, and says what failed without hiding the stage', async () => {
    const namespace = await installClaims('precopy', { claims: ['files'] });
    const gate = makeGate();
    const mover = openMover({ files: ['partial-failure', { name: 'until-file', file: gate.file }] });
    const failed = await preCopy(4, namespace, mover);
    expect(failed.document).toMatchObject({
      outcome: 'partial',
      preCopy: { claims: [{ claim: 'files', status: 'failed' }] },
    });
    expect(failed.document.objects.length).toBeGreaterThan(0);
    expect(complaints('stage-result', failed.document)).toEqual([]);
    expect(failed.document.summary).toMatch(/pre-copy is not complete: .*exited with code 23/s);

    const running = preCopy(0, namespace, mover);
    await untilNoted(mover, 'attempt', 2);
    await moveTo(6, 'cutover', namespace, { operator: 'other@there' });
    gate.open();
    await running;
  }, 180_000);

  it('D34: after kill -9 the next one ends the old mover and removes what it left, under the same id', async () => {
    const namespace = await installClaims('precopy', { claims: ['files'] });
    const mover = openMover({ files: ['hang-then-obey', 'ok'] });
    const killed = startCli(argvOf(namespace, {}), { env: mover.env });
    await untilNoted(mover, 'attempt');
    killed.child.kill('SIGKILL');
    await killed.done;
    expect(mover.releases()).toHaveLength(2);
    const ended = await startCli(argvOf(namespace, {}), { env: mover.env }).done;
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(/A mover of an earlier, killed run was still running; it was ended/);
    const ids = mover.noted('attempt').map(({ id }) => id);
    expect(ids[1]).toBe(ids[0]);
    expect([mover.releases(), mover.privateDirs()]).toEqual([[], []]);
  }, 240_000);
});

describe('what belongs to a copy', () => {
  it('D45: is never copied by stage', async () => {
    const namespace = await installClaims('precopy', { claims: [], replicas: 1, staged: false });
    const mover = { 'app.kubernetes.io/name': 'pv-migrate', 'app.kubernetes.io/instance': 'pv-migrate-dr-x' };
    const ours = { 'dr-syncer.io/temporary': 'true' };
    const objects = [
      config('ServiceAccount', 'pv-migrate-x-rsync', mover),
      config('ConfigMap', 'ours', ours),
      { ...config('Secret', 'pv-migrate-x-sshd', mover), stringData: { privateKey: 'x' } },
      {
        ...config('Secret', 'sh.helm.release.v1.pv-migrate-x-src.v1', {
          owner: 'helm',
          name: 'pv-migrate-x-src',
        }),
        type: 'helm.sh/release.v1',
        stringData: { release: 'x' },
      },
      { ...config('Service', 'pv-migrate-x-sshd', mover), spec: { ports: [{ port: 22 }] } },
      {
        ...config('NetworkPolicy', 'pv-migrate-x', mover, 'networking.k8s.io/v1'),
        spec: { podSelector: { matchLabels: mover } },
      },
    ];
    await Promise.all(objects.map((object) => applyObject('source', object, namespace)));
    const result = await stageNamespace(namespace);
    expect(result.outcome).toBe('ok');
    for (const { kind, metadata } of objects) {
      const rows = result.objects.filter((row) => row.kind === kind && row.name === metadata.name);
      expect(
        rows.map(({ action }) => action),
        `${kind} ${metadata.name}`,
      ).toEqual(hasRow(result, kind, metadata.name) ? ['skipped'] : []);
      const there = (await listJson('dest', kind, namespace)).map((item) => item.metadata.name);
      expect(there).not.toContain(metadata.name);
    }
  }, 120_000);
});

const config = (kind: string, name: string, labels: Json, apiVersion = 'v1'): Json => ({
  apiVersion,
  kind,
  metadata: { name, labels },
});
