import { shellWord } from '../../common/command-line.ts';
import { nameList } from '../../common/sentences.ts';
import type { KubeObject, ResourceType } from '../../kube/api-types.ts';
import { apiVersionOf, objectName } from '../../kube/object-names.ts';
import { CLUSTER_ROLES, clusterRoleUses } from '../../needs/cluster-role-needs.ts';
import type { Finding } from '../../needs/findings.ts';
import { grantsOf, newGrants } from '../../needs/grant-needs.ts';
import { extraRights, extraUrls } from '../../needs/role-rules.ts';
import { bindingText, copyBinding, roleOfBinding } from './binding-copy.ts';
import { answerKey, type ClusterNeed, type NeedsContext } from './bring-types.ts';
import { copyClusterRole, isOfKubernetes, leftFinding, whyNeverBrought } from './need-copies.ts';

/**
 * The ClusterRoles that copied RoleBindings name and the destination lacks, and the ClusterRoleBindings that name
 * ServiceAccounts of the namespace, with their roles. What Kubernetes itself makes is never among them, and neither is a
 * binding to one of its roles. Throws KubeApiError.
 */
export const findRoles = async (context: NeedsContext): Promise<Roles> => {
  const { lister, desired, accounts, names } = context;
  const used = [...new Set(clusterRoleUses(desired).map(({ name }) => name))];
  if (used.length + accounts.size === 0) return NOTHING;
  const [bindings, grants, roles, bindingType, roleType] = [
    accounts.size === 0 ? [] : objectsIn(await lister.list('source', BINDINGS, GRANTS_QUESTION)),
    accounts.size === 0 ? undefined : await lister.list('dest', BINDINGS, GRANTS_QUESTION),
    await lister.list('dest', CLUSTER_ROLES, 'whether the ClusterRoles that the copy needs exist'),
    context.types.get(BINDINGS),
    context.types.get(CLUSTER_ROLES),
  ];
  if (roles.state !== 'listed' || roleType === undefined) return NOTHING;
  const there = byName(roles.objects);
  const given = bindings
    .filter((binding) => whyNeverBrought(binding) === undefined)
    .flatMap((binding) => {
      const copy = copyBinding(binding, accounts, names);
      return copy === undefined || isGiven(copy, objectsIn(grants), names.destNamespace)
        ? []
        : [{ binding, copy }];
    });
  const origins = await readRoles(context, [...used, ...given.map(({ copy }) => roleOfBinding(copy))]);
  const needed = new Map<string, ClusterNeed>();
  const findings: Finding[] = [];
  const bring = (name: string): boolean => {
    const origin = origins.get(name);
    if (origin === undefined || origin.apiVersion !== apiVersionOf(roleType)) return false;
    const never = whyNeverBrought(origin);
    if (never === undefined) needed.set(name, roleNeed(origin, roleType, context));
    else if (!isOfKubernetes(origin)) findings.push(leftFinding(origin, names.sourceContext, never));
    return never === undefined;
  };
  for (const name of used) if (!there.has(name)) bring(name);
  const bound: ClusterNeed[] = [];
  const taken = new Set(objectsIn(grants).map((binding) => binding.metadata.name));
  for (const { binding, copy } of grants?.state === 'listed' && bindingType !== undefined ? given : []) {
    const name = roleOfBinding(copy);
    const origin = origins.get(name);
    if (origin === undefined || isOfKubernetes(origin)) continue;
    const left = taken.has(copy.metadata.name)
      ? `context ${context.destContext} has a different one with that name, and existing objects are never changed`
      : whyWider(origin, there.get(name), context);
    if (left !== undefined) findings.push(leftFinding(binding, names.sourceContext, left));
    else if (there.has(name) || needed.has(name) || bring(name))
      bound.push(bindingNeed(copy, bindingType as ResourceType, context));
  }
  return { needs: [...needed.values(), ...bound], findings };
};

interface Roles {
  readonly needs: readonly ClusterNeed[];
  readonly findings: readonly Finding[];
}

const NOTHING: Roles = { needs: [], findings: [] };
const BINDINGS = 'clusterrolebindings.rbac.authorization.k8s.io';
const GRANTS_QUESTION = 'whether ClusterRoleBindings grant permissions to ServiceAccounts of the namespace';

const objectsIn = (listed: Awaited<ReturnType<NeedsContext['lister']['list']>> | undefined) =>
  listed?.state === 'listed' ? listed.objects : [];

const byName = (objects: readonly KubeObject[]): Map<string, KubeObject> =>
  new Map(objects.map((object) => [object.metadata.name, object]));

const isGiven = (copy: KubeObject, there: readonly KubeObject[], namespace: string): boolean =>
  newGrants(grantsOf([copy], namespace), grantsOf(there, namespace)).length === 0;

const readRoles = async (
  { lister }: NeedsContext,
  names: readonly string[],
): Promise<Map<string, KubeObject>> => {
  const found = await Promise.all(
    [...new Set(names)].map(async (name) => {
      const question = `whether ClusterRole ${name} can be copied`;
      const origin = await lister.get('source', CLUSTER_ROLES, undefined, name, question);
      return origin.state === 'found' ? [origin.object] : [];
    }),
  );
  return byName(found.flat());
};

const roleNeed = (origin: KubeObject, type: ResourceType, { names }: NeedsContext): ClusterNeed => ({
  type,
  ...copyClusterRole(origin, names),
  answers: [answerKey({ id: 'cluster-role-missing', subject: objectName(origin) })],
});

const bindingNeed = (copy: KubeObject, type: ResourceType, { names }: NeedsContext): ClusterNeed => ({
  type,
  body: copy,
  notes: [{ level: 'warn', path: 'subjects', message: bindingText(copy, names) }],
  answers: [answerKey({ id: 'grant-not-copied', subject: objectName(copy) })],
});

// A role of that name with more in it would be given to the accounts of everybody who may edit the source's namespace.
const whyWider = (
  origin: KubeObject,
  there: KubeObject | undefined,
  { acceptClusterRoles, destContext }: NeedsContext,
): string | undefined => {
  const { name } = origin.metadata;
  if (there === undefined || acceptClusterRoles.includes(name)) return undefined;
  const extra = [...extraRights(there, origin), ...extraUrls(there, origin)];
  return extra.length === 0
    ? undefined
    : `ClusterRole ${name} grants more in context ${destContext} (${nameList(extra)}); make the two equal, or add --accept-cluster-roles ${shellWord(name)}`;
};
