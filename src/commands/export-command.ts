import { Document } from 'yaml';
import { kubectl, kubectlHere } from '../common/command-line.ts';
import { UsageError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import { type ExportedObjects, exportedObjects } from '../mapping/exported-objects.ts';
import { DEFAULT_CONCURRENCY } from '../stage/stage-defaults.ts';
import type { Io } from '../ui/io.ts';
import { writeAll } from '../ui/io.ts';
import { safeJson, safeLines } from '../ui/safe-text.ts';
import { DEFAULT_VERIFY_OPTIONS } from '../volumes/verify-pod.ts';
import { withSession } from './session.ts';
import { requestOfFlags, type StageFlags } from './stage-command.ts';

export interface ExportFlags extends StageFlags {
  readonly mappingName?: string;
  readonly mappingNamespace: string;
  readonly mode: 'scheduled' | 'continuous' | 'manual';
  readonly schedule?: string;
}

/** `dr-syncer export mapping`: prints the custom resources that ask for what the flags do. Returns the exit code. */
export const runExport = (io: Io, flags: ExportFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async ({ pair }) => {
    if (flags.output === 'ndjson')
      throw new UsageError('export writes one document, not a stream.', {
        hint: 'Use --output yaml or --output json.',
      });
    refuseWithoutField(flags);
    const source = pair.openSource();
    const dest = pair.openDest();
    const exported = exportedObjects({
      request: requestOfFlags(flags),
      source: { context: source.context.name, namespace: source.namespace },
      dest: { context: dest.context.name, namespace: dest.namespace },
      mapping: { namespace: flags.mappingNamespace, name: flags.mappingName ?? source.namespace },
      mode: MODES[flags.mode],
      schedule: flags.schedule,
      requestTimeoutMs: flags.requestTimeout,
      syncTimeoutMs: flags.timeout,
    });
    const files = new Map([source, dest].map(({ context }) => [context.name, context.kubeconfig]));
    await writeAll(
      io.stdout,
      flags.output === 'json'
        ? `${safeJson({ apiVersion: 'v1', kind: 'List', items: exported.objects }, 2)}\n`
        : yamlOf(exported, files, flags.mappingNamespace),
    );
    return 0;
  });

const MODES = { scheduled: 'Scheduled', continuous: 'Continuous', manual: 'Manual' } as const;

/** Refuses flags that a mapping has no field for; what they ask for would get lost without a word. Throws UsageError. */
export const refuseWithoutField = (flags: StageFlags): void => {
  const without = WITHOUT_FIELD.filter(([, isGiven]) => isGiven(flags)).map(([flag]) => flag);
  if (without.length === 0) return;
  throw new UsageError(
    `${nameList(without, without.length)}: a NamespaceMapping has no field for ${without.length === 1 ? 'this flag' : 'these flags'}.`,
    { hint: 'Leave these flags out; what they ask for is decided at each run of the command line.' },
  );
};

const WITHOUT_FIELD: readonly (readonly [flag: string, isGiven: (flags: StageFlags) => boolean])[] = [
  ['--on-conflict fail', ({ onConflict }) => onConflict === 'fail'],
  ['--accept-cluster-roles', ({ acceptClusterRoles }) => (acceptClusterRoles ?? []).length > 0],
  ['--accept-live-destination', (flags) => flags.acceptLiveDestination === true],
  ['--include-cluster-needs', (flags) => flags.includeClusterNeeds === true],
  ['--dry-run', (flags) => flags.dryRun === true],
  ['--concurrency', ({ concurrency }) => concurrency !== DEFAULT_CONCURRENCY],
  ['--pv-migrate-path', (flags) => flags.pvMigratePath !== undefined],
  ['--pv-migrate-flags', (flags) => flags.pvMigrateFlags !== undefined],
  ['--pv-migrate-strategies', (flags) => flags.pvMigrateStrategies !== undefined],
  ['--pv-migrate-rsync-image', (flags) => flags.pvMigrateRsyncImage !== undefined],
  ['--pv-migrate-sshd-image', (flags) => flags.pvMigrateSshdImage !== undefined],
  ['--pv-migrate-pull-secret', (flags) => flags.pvMigratePullSecret !== undefined],
  ['--pv-migrate-non-root', (flags) => flags.pvMigrateNonRoot === true],
  ['--pv-migrate-toleration', (flags) => flags.pvMigrateToleration !== undefined],
  ['--pv-migrate-node-selector', (flags) => flags.pvMigrateNodeSelector !== undefined],
  ['--pv-migrate-resources', (flags) => flags.pvMigrateResources !== undefined],
  ['--no-pv-migrate-network-policies', (flags) => !flags.pvMigrateNetworkPolicies],
  ['--no-data-chown', (flags) => !flags.dataChown],
  ['--no-data-compress', (flags) => !flags.dataCompress],
  ['--data-ignore-sizes', (flags) => flags.dataIgnoreSizes === true],
  ['--verify-sample', ({ verifySample }) => verifySample !== 0],
  ['--verify-image', ({ verifyImage }) => verifyImage !== DEFAULT_VERIFY_OPTIONS.image],
  ['--verify-run-as-user', ({ verifyRunAsUser }) => verifyRunAsUser !== DEFAULT_VERIFY_OPTIONS.runAsUser],
];

const yamlOf = (
  { objects, secrets }: ExportedObjects,
  files: ReadonlyMap<string, string | undefined>,
  namespace: string,
): string => {
  const lines = secrets.map(({ name, context }) => {
    const at = { context, kubeconfig: files.get(context) };
    const read = kubectl(at, 'config', 'view', '--raw', '--minify', '--flatten');
    return `${read} | ${kubectlHere(namespace, 'create', 'secret', 'generic', name, '--from-file=kubeconfig=/dev/stdin')}`;
  });
  const comment = [
    'First make these Secrets with the kubeconfigs, in the cluster of the controller. A kubeconfig must hold a token or',
    'a certificate; one that runs a program for its credentials is refused.',
    ...lines,
  ].map((line) => `# ${line.replace(/[\r\n]+/g, ' ')}`);
  const documents = objects.map((object) =>
    new Document(object, { aliasDuplicateObjects: false }).toString({ lineWidth: 0 }),
  );
  return safeLines(`${comment.join('\n')}\n${documents.map((text) => `---\n${text}`).join('')}`);
};
