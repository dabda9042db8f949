import { isDrError } from '../common/errors.ts';
import { exitCode } from '../common/exit-codes.ts';
import { count } from '../common/sentences.ts';
import type { SideRole } from '../common/side-role.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import type { Finding, FindingLevel } from '../needs/findings.ts';
import { finding } from '../needs/findings.ts';
import type { PreflightResult } from '../needs/preflight-result.ts';
import type { MoveSide } from '../sides/side-types.ts';
import { userOf } from './ask-access.ts';
import { checkApiKinds } from './checks/check-api-kinds.ts';
import { checkBarePods } from './checks/check-bare-pods.ts';
import { checkCapacity } from './checks/check-capacity.ts';
import { checkClocks } from './checks/check-clock.ts';
import { checkBroughtNeeds } from './checks/check-cluster-needs.ts';
import { checkControlled } from './checks/check-controlled.ts';
import { checkCopy } from './checks/check-copy.ts';
import { checkCredentials } from './checks/check-credentials.ts';
import { checkGitops } from './checks/check-gitops.ts';
import { checkJobs } from './checks/check-jobs.ts';
import { checkLimitRange } from './checks/check-limit-range.ts';
import { checkNamespaces } from './checks/check-namespace.ts';
import { checkClusterNeeds } from './checks/check-needs-of-move.ts';
import { checkOwnRecords } from './checks/check-own-records.ts';
import { checkParked } from './checks/check-parked.ts';
import { checkStart, checkStop, checkWayBack } from './checks/check-patches.ts';
import { checkPods } from './checks/check-pod-dry-run.ts';
import { checkPodFinalizers } from './checks/check-pod-finalizers.ts';
import { checkPullSecrets } from './checks/check-pull-secrets.ts';
import { checkQuota } from './checks/check-quota.ts';
import { checkRecord } from './checks/check-record.ts';
import { checkRelease } from './checks/check-release.ts';
import { checkReturned } from './checks/check-returned.ts';
import { checkRevisions } from './checks/check-revisions.ts';
import { checkRights, type RightsFound } from './checks/check-rights.ts';
import { checkSlowStart } from './checks/check-slow-start.ts';
import { checkStash } from './checks/check-stash.ts';
import { checkSyncConfig } from './checks/check-sync-config.ts';
import { checkTerminating } from './checks/check-terminating.ts';
import { checkUncopied } from './checks/check-uncopied.ts';
import { checkUnready } from './checks/check-unready.ts';
import { checkVolumeData } from './checks/check-volume-data.ts';
import { gather } from './gather-sides.ts';
import { type MinimalRole, minimalRoles } from './minimal-roles.ts';
import type { CheckContext, CheckRow, GatheredSides, PreflightInput } from './preflight-types.ts';
import { rightsOf } from './rights-of-move.ts';
import { startersOf } from './starters.ts';

/**
 * Looks whether a move would go through before it touches anything: rights, what is staged, what runs, what the side
 * that starts has room and rules for. Writes nothing; asks the servers in dry runs and reviews. Returns the result for
 * every answer, with the worst checks first. Throws KubeApiError when a cluster does not answer or no longer knows us.
 */
export const checkMove = async (input: PreflightInput): Promise<PreflightResult> => {
  const context = contextOf(input, await gather(input));
  const rights: { found: RightsFound | undefined } = { found: undefined };
  const checks: readonly CheckRow[] = [
    {
      id: 'rights',
      passed: `The permissions for a ${input.kind} are granted.`,
      run: async () => {
        rights.found = await checkRights(context);
        return rights.found.checks;
      },
    },
    ...CHECKS,
  ];
  const rows = await mapBounded(checks, PARALLEL_CHECKS, (check) => runCheck(check, context), input.signal);
  const all = sortChecks(ignoreSome([...context.problems, ...rows.flat()], input.ignored));
  const { source, dest } = input;
  return {
    schema: 'dr-syncer.io/preflight-result/v1',
    kind: input.kind,
    ...conclude(input.kind, all),
    source: source && { context: source.cluster.context, namespace: source.namespace },
    dest: { context: dest.cluster.context, namespace: dest.namespace },
    checks: all,
    missingRights: rights.found?.missing ?? [],
    roleYaml: rights.found?.roleYaml ?? {},
  };
};

/**
 * The least Roles with which a move can be run, for each side that it touches: whoever has them needs nothing more.
 * Bound to `forUser`, else to the user who asks. Reads both sides to know what the move will be about. Throws
 * KubeApiError.
 */
export const minimalRolesFor = async (
  input: PreflightInput,
  forUser?: string,
): Promise<Readonly<Record<SideRole, readonly MinimalRole[]>>> => {
  const rights = rightsOf(input, await gather(input));
  const rolesFor = async (side: MoveSide | undefined): Promise<readonly MinimalRole[]> => {
    if (side === undefined) return [];
    const { role, namespace } = side;
    const user = forUser ?? (await userOf(side, input.signal));
    return minimalRoles({ kind: input.kind, side: role, namespace, user }, rights);
  };
  const [source, dest] = await Promise.all([rolesFor(input.source), rolesFor(input.dest)]);
  return { source, dest };
};

// Each check bounds its own requests as well.
const PARALLEL_CHECKS = 6;

const CHECKS: readonly CheckRow[] = [
  checkNamespaces,
  checkRecord,
  checkStash,
  checkReturned,
  checkBarePods,
  checkControlled,
  checkJobs,
  checkRevisions,
  checkUnready,
  checkPodFinalizers,
  checkSlowStart,
  checkGitops,
  checkApiKinds,
  checkCopy,
  checkBroughtNeeds,
  checkUncopied,
  checkParked,
  checkTerminating,
  checkOwnRecords,
  checkStop,
  checkWayBack,
  checkStart,
  checkRelease,
  checkSyncConfig,
  checkPods,
  checkQuota,
  checkLimitRange,
  checkPullSecrets,
  checkClusterNeeds,
  checkCapacity,
  checkVolumeData,
  checkCredentials,
  checkClocks,
];

const contextOf = (input: PreflightInput, gathered: GatheredSides): CheckContext => {
  const { to } = gathered;
  try {
    return { ...gathered, input, starters: startersOf(gathered) };
  } catch (error) {
    if (!isDrError(error)) throw error;
    const problem = finding('unreadable', 'refuse', to.side.namespace, error.message, error.hint);
    return { ...gathered, input, starters: [], problems: [...gathered.problems, problem] };
  }
};

const runCheck = async (check: CheckRow, context: CheckContext): Promise<Finding[]> => {
  try {
    const rows = await check.run(context);
    const quiet = rows.every(({ level }) => level === 'info');
    return quiet ? [...rows, finding(check.id, 'ok', check.id, check.passed)] : [...rows];
  } catch (error) {
    if (isKubeApiError(error) && ![0, 401].includes(error.failure.status))
      return [finding(check.id, 'unknown', check.id, error.message, error.hint)];
    if (!isDrError(error) || isKubeApiError(error)) throw error;
    const level = error.exit === 'unsafe' ? 'unsafe' : 'refuse';
    return [finding(check.id, level, check.id, error.message, error.hint)];
  }
};

/** Turns refusals of the checks that the operator named into warnings. Pure. */
const ignoreSome = (checks: readonly Finding[], ids: readonly string[]): Finding[] =>
  checks.map((check) =>
    check.level === 'refuse' && (ids.includes('all') || ids.includes(check.id))
      ? { ...check, level: 'warn', message: `Ignored: ${check.message}` }
      : check,
  );

const LEVELS: readonly FindingLevel[] = ['unsafe', 'refuse', 'warn', 'unknown', 'info', 'ok'];

/** The checks by level, the worst first, each once; within a level in the order given. Pure. */
const sortChecks = (checks: readonly Finding[]): Finding[] => {
  const once = new Map(
    checks.map((check) => [[check.id, check.level, check.subject, check.message].join('\n'), check]),
  );
  return [...once.values()].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
};

/** What all checks together mean: a refusal comes before what could be acknowledged, as that alone would not do. Pure. */
const conclude = (
  kind: PreflightInput['kind'],
  checks: readonly Finding[],
): Pick<PreflightResult, 'outcome' | 'exitCode' | 'summary'> => {
  const of = (level: FindingLevel): Finding[] => checks.filter((check) => check.level === level);
  const [refused, unsafe, warned, unknown] = [of('refuse'), of('unsafe'), of('warn'), of('unknown')];
  const counts = [
    [refused.length, `${refused.length} blocking`],
    [unsafe.length, `${unsafe.length} unsafe`],
    [warned.length, count(warned.length, 'warning')],
    [unknown.length, `${unknown.length} unknown`],
    [of('ok').length, `${of('ok').length} passed`],
  ] as const;
  const text = counts.flatMap(([many, words]) => (many === 0 ? [] : words)).join(', ');
  const outcome = refused.length > 0 ? 'refused' : unsafe.length > 0 ? 'unsafe' : 'ok';
  const [worst] = [...refused, ...unsafe];
  const says = worst === undefined ? `Ready for a ${kind}` : `Not ready for a ${kind}`;
  const first = worst === undefined ? '' : ` ${worst.message}`;
  return { outcome, exitCode: exitCode(outcome), summary: `${says}: ${text}.${first}` };
};
