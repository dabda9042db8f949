import type { KubeObject } from '../kube/api-types.ts';
import { objectsAt, stringsAt } from '../kube/raw-json.ts';

/**
 * The rights in a namespace that one role gives and another does not, as `get secrets`, `* *.apps` or
 * `get configmaps/app`, in alphabetical order. Rules about URLs mean nothing in a RoleBinding. Each single right has to
 * be covered by one rule, as Kubernetes itself decides before somebody may grant a role
 * (k8s.io/component-helpers/auth/rbac/validation). Pure.
 */
export const extraRights = (given: KubeObject, than: KubeObject): string[] => {
  const rules = rulesOf(than);
  const extra = rulesOf(given)
    .flatMap(singles)
    .filter((right) => !rules.some((rule) => covers(rule, right)))
    .map(rightText);
  return [...new Set(extra)].sort();
};

/**
 * The rights on URLs that one role gives and another does not, as `get /metrics`, in alphabetical order; they count only
 * where a role is bound in the whole cluster. A URL that ends in `*` covers all that begin like it. Pure.
 */
export const extraUrls = (given: KubeObject, than: KubeObject): string[] => {
  const rules = objectsAt(than, 'rules');
  const extra = objectsAt(given, 'rules').flatMap((rule) =>
    stringsAt(rule, 'verbs').flatMap((verb) =>
      stringsAt(rule, 'nonResourceURLs').flatMap((url) => {
        const isCovered = rules.some(
          (other) =>
            has(stringsAt(other, 'verbs'), verb) &&
            stringsAt(other, 'nonResourceURLs').some((pattern) => matchesUrl(pattern, url)),
        );
        return isCovered ? [] : [`${verb} ${url}`];
      }),
    ),
  );
  return [...new Set(extra)].sort();
};

const matchesUrl = (pattern: string, url: string): boolean =>
  pattern === url || (pattern.endsWith('*') && url.startsWith(pattern.slice(0, -1)));

interface Rule {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly names: readonly string[];
}

interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Undefined: every object of the type. */
  readonly name: string | undefined;
}

const rulesOf = (role: KubeObject): Rule[] =>
  objectsAt(role, 'rules').map((rule) => ({
    verbs: stringsAt(rule, 'verbs'),
    groups: stringsAt(rule, 'apiGroups'),
    resources: stringsAt(rule, 'resources'),
    names: stringsAt(rule, 'resourceNames'),
  }));

const singles = ({ verbs, groups, resources, names }: Rule): Right[] =>
  verbs.flatMap((verb) =>
    groups.flatMap((group) =>
      resources.flatMap((resource) =>
        (names.length === 0 ? [undefined] : names).map((name) => ({ verb, group, resource, name })),
      ),
    ),
  );

const covers = (rule: Rule, { verb, group, resource, name }: Right): boolean =>
  has(rule.verbs, verb) &&
  has(rule.groups, group) &&
  (has(rule.resources, resource) || rule.resources.includes(anyOf(resource))) &&
  (rule.names.length === 0 || (name !== undefined && rule.names.includes(name)));

const has = (items: readonly string[], item: string): boolean => items.includes('*') || items.includes(item);

// `pods/log` is covered by `*/log` too.
const anyOf = (resource: string): string =>
  resource.includes('/') ? `*/${resource.slice(resource.indexOf('/') + 1)}` : resource;

const rightText = ({ verb, group, resource, name }: Right): string =>
  `${verb} ${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`;
