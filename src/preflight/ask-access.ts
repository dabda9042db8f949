import { CONTENT_MANAGER } from '../common/annotations.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { JsonObject, ResourceType } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { apiVersionOf } from '../kube/object-names.ts';
import { listAt, objectsAt, stringAt, valueAt } from '../kube/raw-json.ts';
import type { MissingRight, Right } from '../needs/preflight-result.ts';
import type { MoveSide } from '../sides/side-types.ts';

/**
 * Asks one side's server about rights, and returns those that we do not have. The rules of the namespace are asked for
 * once, and what they grant is not asked for again; everything else is asked one by one. Throws KubeApiError.
 */
export const missingRights = async (
  side: MoveSide,
  rights: readonly Right[],
  options: { readonly concurrency: number; readonly signal: AbortSignal },
): Promise<MissingRight[]> => {
  if (rights.length === 0) return [];
  const rules = await rulesOf(side, options.signal);
  const open = rights.filter(
    (right) => right.namespace !== side.namespace || !rules.some((rule) => grants(rule, right)),
  );
  const answers = await mapBounded(
    open,
    options.concurrency,
    ({ side: _side, need: _need, ...question }) => side.cluster.can(question, { signal: options.signal }),
    options.signal,
  );
  return open.flatMap(({ need: _need, ...right }, index) =>
    answers[index]?.allowed === true ? [] : [right],
  );
};

/** Whether a rule of a SelfSubjectRulesReview grants a right. Pure. */
const grants = (rule: JsonObject, right: Omit<Right, 'need' | 'side'>): boolean => {
  const has = (field: string, value: string): boolean => {
    const values = listAt(rule, field);
    return values.includes('*') || values.includes(value);
  };
  const names = listAt(rule, 'resourceNames');
  const resource =
    right.subresource === undefined ? right.resource : `${right.resource}/${right.subresource}`;
  return (
    has('verbs', right.verb) &&
    has('apiGroups', right.group) &&
    has('resources', resource) &&
    (names.length === 0 || (right.name !== undefined && names.includes(right.name)))
  );
};

/** The name by which a side's server knows us, or undefined where it does not say. Throws KubeApiError. */
export const userOf = async (side: MoveSide, signal: AbortSignal): Promise<string | undefined> => {
  const review = await ask(side, reviewType('authentication.k8s.io', 'SelfSubjectReview'), {}, signal);
  return stringAt(review, 'status', 'userInfo', 'username');
};

const reviewType = (group: string, kind: string): ResourceType => ({
  group,
  version: 'v1',
  resource: `${kind.toLowerCase()}s`,
  kind,
  namespaced: false,
  verbs: ['create'],
  shortNames: [],
  singular: kind.toLowerCase(),
  categories: [],
  subresources: [],
});

// A list that may be incomplete still grants nothing wrongly, unless another authorizer forbids what this one allows:
// then only the single questions have the truth.
const rulesOf = async (side: MoveSide, signal: AbortSignal): Promise<JsonObject[]> => {
  const type = reviewType('authorization.k8s.io', 'SelfSubjectRulesReview');
  const review = await ask(side, type, { spec: { namespace: side.namespace } }, signal);
  return valueAt(review, 'status', 'incomplete') === true ? [] : objectsAt(review, 'status', 'resourceRules');
};

// A review stores nothing. Servers that do not serve one leave us without its answer, which is no failure.
const ask = async (
  side: MoveSide,
  type: ResourceType,
  content: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject | undefined> => {
  const body = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { name: '' }, ...content };
  try {
    const answer = await side.cluster.create(type, body, {
      fieldManager: CONTENT_MANAGER,
      dryRun: true,
      signal,
    });
    return answer.object;
  } catch (error) {
    if (!isKubeApiError(error) || [0, 401].includes(error.failure.status)) throw error;
    return undefined;
  }
};
