import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contextOf, deleteJson, getJson, listJson, pair, type Side } from '../cluster/client.ts';
import { readEndpoint, writeKubeconfig } from '../cluster/kubeconfig.ts';
import { makeIdentity } from '../cluster/x509.ts';
import { type FaultProxy, type LoggedRequest, startFaultProxy } from '../helpers/fault-proxy.ts';
import { afterForward, anything, beforeForward, delay, hang, isWrite, matching } from '../helpers/faults.ts';
import {
  type App,
  checked,
  type End,
  expectConverges,
  installApp,
  runStage,
  startStage,
} from '../helpers/stage-run.ts';

const SIDES: readonly Side[] = ['source', 'dest'];
const MANY = { configMaps: 60 };

let proxies: Record<Side, FaultProxy>;
let ends: Record<Side, End>;

beforeEach(async () => {
  const open = (side: Side): Promise<FaultProxy> =>
    startFaultProxy({ kubeconfig: pair().kubeconfig, context: contextOf(side) });
  proxies = { source: await open('source'), dest: await open('dest') };
  ends = { source: endOf('source'), dest: endOf('dest') };
});
afterEach(() => Promise.all(SIDES.map((side) => proxies[side].stop())));

const endOf = (side: Side, cluster: object = {}): End => {
  const context = contextOf(side);
  return { kubeconfig: proxies[side].writeKubeconfig(context, { cluster }), context };
};

/** The lock of a run that lost its server cannot be given back: half a minute passes by itself, as it were. */
const letLockExpire = async ({ namespace }: App): Promise<void> => {
  for (const { metadata } of await listJson('dest', 'Lease', namespace))
    await deleteJson('dest', 'Lease', metadata.name, namespace);
};

const destNamespace = ({ namespace }: App): Promise<unknown> => getJson('dest', 'Namespace', namespace);
const writesOf = (log: readonly LoggedRequest[]): LoggedRequest[] => log.filter(isWrite);

/** Calls back once, when this many writes have come to the destination; the writes go on. */
const atWrite = (number: number, callback: () => void | Promise<void>): void => {
  let seen = 0;
  proxies.dest.inject({
    match: (request) => isWrite(request) && ++seen === number,
    action: beforeForward(callback),
  });
};

describe.each(SIDES)('a %s that cannot be spoken to', (side) => {
  const stranger = makeIdentity({ commonName: 'somebody-else' });
  const strange = { 'certificate-authority-data': Buffer.from(stranger.certPem).toString('base64') };

  test.each([
    [
      'of another certificate authority',
      strange,
      /unable to verify|self-signed|certificate/,
      /certificate-authority/,
    ],
    [
      'under another name',
      { 'tls-server-name': 'other.example' },
      /does not match certificate's altnames/,
      /tls-server-name/,
    ],
    [
      'at a closed port',
      { server: 'https://127.0.0.1:1' },
      /nothing listens at the server address \(ECONNREFUSED/,
      /kubectl .* version/,
    ],
    [
      'at a name that nobody knows',
      { server: 'https://no-such-host.invalid:6443' },
      /the host name (is unknown|could not be looked up)/,
      /kubectl .* version/,
    ],
  ])('%s is told with what to check', async (_what, cluster, sentence, hint) => {
    const app = await installApp('unreachable');
    const run = await runStage(app, { ...ends, [side]: endOf(side, cluster) });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(`Context ${contextOf(side)}: `);
    expect(run.document.error.message).toMatch(sentence);
    expect(run.document.error.hint).toMatch(hint);
    expect(await destNamespace(app)).toBeUndefined();
    await expectConverges(app, 'the rest');
  });

  test('whose certificate has expired is told as that, at once', async () => {
    const app = await installApp('expired');
    const context = contextOf(side);
    const yesterday = new Date(Date.now() - 86_400_000);
    const late = await startFaultProxy({ kubeconfig: pair().kubeconfig, context, notAfter: yesterday });
    const run = await runStage(app, {
      ...ends,
      [side]: { kubeconfig: late.writeKubeconfig(context), context },
    });
    await late.stop();
    expect(run.exitCode).toBe(3);
    expect(run.document.error.message).toMatch(/the server's certificate has expired/);
    expect(run.document.error.hint).toMatch(/Renew the certificate of the API server/);
    expect(await destNamespace(app)).toBeUndefined();
  });

  test('as the client certificate has expired is told as that', async ({ skip }) => {
    const { expired, kubeconfig } = pair();
    if (expired === undefined)
      return skip('named clusters do not lend the key of their certificate authority');
    const app = await installApp('expired');
    const context = contextOf(side);
    const file = join(mkdtempSync(join(tmpdir(), 'dr-syncer-expired-')), 'kubeconfig');
    writeKubeconfig(file, [{ ...readEndpoint(kubeconfig, context), ...expired[side], context }]);
    const run = await runStage(app, { [side]: { kubeconfig: file, context } });
    rmSync(dirname(file), { recursive: true });
    expect(run.exitCode).toBe(3);
    expect(run.document.error.message).toMatch(
      new RegExp(`^Context ${context}: .* failed: .*401 Unauthorized`),
    );
    expect(run.document.error.hint).toMatch(/an expired certificate or token looks like this/);
    expect(await destNamespace(app)).toBeUndefined();
    await expectConverges(app, 'the rest');
  });

  test('as it never answers is given up after --request-timeout', async () => {
    const app = await installApp('hang');
    proxies[side].inject({ match: anything, action: hang() });
    const run = await runStage(app, { ...ends, args: ['--request-timeout', '1s'] });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(`Context ${contextOf(side)}: `);
    expect(run.stderr).toContain('the request took too long');
    expect(run.stderr).toContain('--request-timeout');
    proxies[side].clear();
    await expectConverges(app, 'the rest');
  });
});

describe('a server that dies', () => {
  test('F1: the source, while it is listed: refused, nothing changed, and a later run completes', async () => {
    const app = await installApp('dying');
    proxies.source.inject({
      match: matching({ path: /\/deployments$/ }),
      times: 1,
      action: async ({ reset }) => {
        reset();
        await proxies.source.goDown();
      },
    });
    const run = await runStage(app, ends);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/Context \S+: (listing|counting) .* failed: nothing listens/);
    expect(run.stderr).toContain(`Context ${contextOf('source')}: `);
    expect(await destNamespace(app)).toBeUndefined();
    await proxies.source.comeBack();
    const again = await runStage(app, ends);
    expect(again.exitCode, again.stderr).toBe(0);
    await expectConverges(app, 'nothing');
  });

  test('F6: the destination, in the middle of the writes: part-way, and the same command completes', async () => {
    const app = await installApp('dying', MANY);
    atWrite(20, () => proxies.dest.goDown());
    const run = await runStage(app, { ...ends, args: ['--concurrency', '4'] });
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toMatch(
      /Not complete: \d+ objects? written to .*; run the same command again to continue/,
    );
    const { totals, objects } = run.document;
    expect(totals.created).toBeGreaterThan(5);
    expect(totals.failed + totals.pending).toBeGreaterThan(20);
    const broken = objects.filter((row: { action: string }) => row.action === 'failed');
    for (const row of broken)
      expect(row.reason).toMatch(/nothing listens at the server address|reset|closed/);
    await proxies.dest.comeBack();
    await letLockExpire(app);
    const again = await runStage(app, ends);
    expect(again.exitCode, again.stderr).toBe(0);
    await expectConverges(app, 'nothing');
  });

  test('F6: the destination, and comes back within seconds: the run goes on by itself', async () => {
    const app = await installApp('dying', MANY);
    atWrite(20, async () => {
      await proxies.dest.goDown();
      setTimeout(() => proxies.dest.comeBack(), 700);
    });
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.document.requests.dest.retries).toBeGreaterThan(0);
    await expectConverges(app, 'nothing');
  });

  test('F6: the destination stops answering in the middle of the writes: part-way, in bounded time', async () => {
    const app = await installApp('dying', MANY);
    let writes = 0;
    proxies.dest.inject({ match: (request) => isWrite(request) && ++writes > 20, action: hang() });
    const started = Date.now();
    const run = await runStage(app, { ...ends, args: ['--request-timeout', '1s'] });
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toMatch(/Not complete: \d+ objects? written/);
    expect(run.document.totals.pending).toBeGreaterThan(0);
    // Each write is tried a few times for a second; a busy machine needs longer than that for everything around it.
    expect(Date.now() - started).toBeLessThan(90_000);
    proxies.dest.clear();
    await letLockExpire(app);
    await expectConverges(app, 'the rest');
  });
});

describe('a run that is ended', () => {
  test('F6: by Ctrl-C in the middle of the writes says what was done, and the same command completes', async () => {
    const app = await installApp('sigint', MANY);
    proxies.dest.inject({
      match: (request) => isWrite(request) && ++writes === 20,
      action: afterForward(() => void cli.child.kill('SIGINT')),
    });
    proxies.dest.inject({ match: isWrite, action: delay(25) });
    let writes = 0;
    const cli = startStage(app, { ...ends, args: ['--concurrency', '4'] });
    const run = checked(app, await cli.done);
    expect(run.exitCode).toBe(130);
    const said =
      /Interrupted by SIGINT: (\d+) objects? (?:was|were) written to .*, (\d+) remains?; run the same command again/.exec(
        run.stderr,
      );
    const { totals } = run.document;
    expect(said?.slice(1).map(Number)).toEqual([totals.created, totals.pending]);
    expect(totals.pending).toBeGreaterThan(10);
    expect(totals.failed).toBe(0);
    const made = await listJson('dest', 'ConfigMap', app.namespace);
    const pending = run.document.objects.filter((row: { action: string }) => row.action === 'pending');
    expect(made.map(({ metadata }) => metadata.name)).not.toEqual(
      expect.arrayContaining(pending.map(({ name }: { name: string }) => name)),
    );
    await expectConverges(app, 'the rest');
  });

  test.each([
    ['while it lists', matching({ path: /\/deployments$/ })],
    ['during the dry run', matching({ query: { dryRun: /All/ } })],
  ])('F6: by Ctrl-C %s has changed nothing and says so', async (_what, match) => {
    const app = await installApp('sigint');
    for (const side of SIDES) {
      proxies[side].inject({ match, times: 1, action: beforeForward(() => void cli.child.kill('SIGINT')) });
      proxies[side].inject({ match, action: delay(200) });
    }
    const cli = startStage(app, ends);
    const run = checked(app, await cli.done);
    expect(run.exitCode).toBe(130);
    expect(run.stderr).toMatch(/Interrupted.* nothing was changed/);
    expect(await destNamespace(app)).toBeUndefined();
    expect(writesOf(proxies.dest.log())).toEqual([]);
    await expectConverges(app, 'the rest');
  });

  test('F6: by --timeout in the middle of the writes is part-way, not interrupted', async () => {
    const app = await installApp('timeout', MANY);
    const timeout = 6;
    atWrite(20, async () => {
      // The run began before its first request did.
      const [first] = proxies.source.log();
      await sleep((first?.startedMs ?? 0) + timeout * 1000 + 500 - performance.now());
    });
    const run = await runStage(app, { ...ends, args: ['--timeout', `${timeout}s`, '--concurrency', '1'] });
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toContain('longer than --timeout (6 s)');
    await expectConverges(app, 'the rest');
  });
});
