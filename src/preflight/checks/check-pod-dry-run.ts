import { createHash } from 'node:crypto';
import { CONTENT_MANAGER } from '../../common/annotations.ts';
import { clause } from '../../common/sentences.ts';
import { isAboutRights } from '../../kube/about-rights.ts';
import { type Failure, isKubeApiError } from '../../kube/api-errors.ts';
import type { JsonObject, KubeObject, ObjectMeta } from '../../kube/api-types.ts';
import { mapBounded } from '../../kube/map-bounded.ts';
import { objectName } from '../../kube/object-names.ts';
import { clone, objectsAt, stringAt } from '../../kube/raw-json.ts';
import { PODS } from '../../kube/well-known.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import type { Starter } from '../../needs/starter.ts';
import { isDryRunUnsupported } from '../../pipeline/immutable-strategy.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/**
 * Asks the server that starts, in a dry run, to create one pod of every template: Pod Security, quotas, LimitRanges,
 * webhooks and policies answer, and nothing is stored.
 */
export const checkPods: CheckRow = {
  id: 'pod-dry-run',
  passed: 'The server accepts a pod of every template.',
  run: async (context) => {
    const { starters, to, input } = context;
    if (starters.length === 0) return [];
    if (to.namespaceState === 'absent') {
      const message = `Whether the server accepts the pods cannot be checked before ${whereIs(to.side)} exists.`;
      return [finding('pod-dry-run', 'unknown', whereIs(to.side), message)];
    }
    const rows = await mapBounded(
      starters,
      input.options.concurrency,
      (starter) => askOne(context, starter),
      input.signal,
    );
    return rows.flat();
  },
};

/** The pod that a starter would have created, as its controller would make it. Pure. */
const podOf = ({ object, live, template }: Starter, namespace: string): KubeObject => {
  const { labels, annotations } = template.metadata as Partial<ObjectMeta>;
  const id = createHash('sha256').update(objectName(object)).digest('hex').slice(0, 10);
  const uid = live?.metadata.uid;
  const owner = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name: object.metadata.name,
    controller: true,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `dr-syncer-preflight-${id}`,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      // Policies against pods without an owner must not see one here.
      ...(uid === undefined ? {} : { ownerReferences: [{ ...owner, uid }] }),
    },
    spec: withClaims(object, clone(template.spec)),
  };
};

// What the StatefulSet controller adds: a volume for each claim template, instead of one of the same name.
const withClaims = (object: KubeObject, spec: JsonObject): JsonObject => {
  const names = objectsAt(object, 'spec', 'volumeClaimTemplates').flatMap(
    (claim) => stringAt(claim, 'metadata', 'name') ?? [],
  );
  if (names.length === 0 || object.kind !== 'StatefulSet') return spec;
  const own = objectsAt(spec, 'volumes').filter((volume) => !names.includes(stringAt(volume, 'name') ?? ''));
  const claimed = names.map((name) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${object.metadata.name}-0` },
  }));
  return { ...spec, volumes: [...own, ...claimed] };
};

const askOne = async (context: CheckContext, starter: Starter): Promise<Finding[]> => {
  const { to, input } = context;
  const { cluster, namespace } = to.side;
  const name = objectName(starter.object);
  try {
    const { warnings } = await cluster.create(PODS, podOf(starter, namespace), {
      fieldManager: CONTENT_MANAGER,
      dryRun: true,
      signal: input.signal,
    });
    return warnings.map((warning) =>
      finding(
        'pod-dry-run',
        'warn',
        name,
        `The server accepts a pod of ${name} in ${whereIs(to.side)}, but warns: ${clause(warning)}.`,
      ),
    );
  } catch (error) {
    if (!isKubeApiError(error) || [0, 401].includes(error.failure.status)) throw error;
    const level = levelOf(error.failure, context);
    return [
      finding(
        'pod-dry-run',
        level,
        name,
        level === 'unknown'
          ? `Could not check whether the server accepts a pod of ${name} in ${whereIs(to.side)}: ${clause(error.failure.detail)}.`
          : `The server refuses a pod of ${name} in ${whereIs(to.side)}: ${clause(error.failure.detail)}.`,
        level === 'unknown'
          ? undefined
          : 'Change the template at the source and stage again, or change what refuses it.',
      ),
    ];
  }
};

/** Whether an answer to the dry run is a refusal, or says nothing about the pods of the application. */
const levelOf = (
  failure: Failure,
  { copy }: Pick<CheckContext, 'copy'>,
): Extract<Finding['level'], 'refuse' | 'unknown'> => {
  if (isDryRunUnsupported(failure) || isAboutRights(failure)) return 'unknown';
  const account = /error looking up service account [^/]+\/([^:]+): serviceaccount/.exec(failure.detail)?.[1];
  const isStaged = (copy?.prepared ?? []).some(
    ({ source, item }) =>
      item !== undefined && source.kind === 'ServiceAccount' && source.metadata.name === account,
  );
  return account !== undefined && isStaged ? 'unknown' : 'refuse';
};
