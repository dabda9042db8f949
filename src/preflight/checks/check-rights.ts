import { clauseList } from '../../common/sentences.ts';
import type { SideRole } from '../../common/side-role.ts';
import { typeName } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import type { MissingRight } from '../../needs/preflight-result.ts';
import type { MoveSide } from '../../sides/side-types.ts';
import { missingRights, userOf } from '../ask-access.ts';
import { minimalRoles, rolesYaml } from '../minimal-roles.ts';
import type { CheckContext, PreflightInput } from '../preflight-types.ts';
import { rightsOf } from '../rights-of-move.ts';

/** What is missing on both sides, and for each side that lacks something the Roles that grant all that is used. */
export interface RightsFound {
  readonly checks: readonly Finding[];
  readonly missing: readonly MissingRight[];
  readonly roleYaml: Readonly<Partial<Record<SideRole, string>>>;
}

/** Asks both servers about every right that the move requires. */
export const checkRights = async (context: CheckContext): Promise<RightsFound> => {
  const { input } = context;
  const rights = rightsOf(input, context);
  const required = rights.filter(({ need }) => need === 'required');
  const perSide = await Promise.all(
    sidesOf(input).map(async (side) => {
      const own = required.filter((right) => right.side === side.role);
      const missing = await missingRights(side, own, { ...input.options, signal: input.signal });
      const user = missing.length === 0 ? undefined : await userOf(side, input.signal);
      return { side, missing, user };
    }),
  );
  const lacking = perSide.filter(({ missing }) => missing.length > 0);
  return {
    checks: lacking.map(({ side, missing }) => missingRow(input, side, missing)),
    missing: perSide.flatMap(({ missing }) => missing),
    roleYaml: Object.fromEntries(
      lacking.map(({ side, user }) => {
        const scope = { kind: input.kind, side: side.role, namespace: side.namespace, user };
        return [side.role, rolesYaml(minimalRoles(scope, rights))];
      }),
    ),
  };
};

/** The refusal about the rights that are missing on one side. Pure. */
const missingRow = (
  input: Pick<PreflightInput, 'kind'>,
  side: MoveSide,
  missing: readonly MissingRight[],
): Finding => {
  const lines = groupsOf(missing, side.namespace);
  return finding(
    'rights',
    'refuse',
    `context ${side.cluster.context}`,
    `Missing permissions in context ${side.cluster.context} for a ${input.kind}: ${clauseList(lines, MOST)}.`,
    'Ask a cluster administrator to apply the Roles below (roleYaml in the JSON output), which grant everything that is used there.',
  );
};

// The Roles and the JSON form have all of them.
const MOST = 4;

// `list, watch pods in namespace shop`: one clause for each type and place.
const groupsOf = (missing: readonly MissingRight[], namespace: string): string[] => {
  const keyOf = (right: MissingRight): string =>
    [right.namespace ?? '', typeName(right), right.subresource ?? '', right.name ?? ''].join('\n');
  return [...Map.groupBy(missing, keyOf).values()].map((same) => {
    const [first] = same as [MissingRight];
    const verbs = same.map(({ verb }) => verb).join(', ');
    const where =
      first.namespace === undefined
        ? ' in the whole cluster'
        : first.namespace === namespace && first.resource !== 'namespaces'
          ? ` in namespace ${namespace}`
          : first.resource === 'namespaces'
            ? ''
            : ` in namespace ${first.namespace}`;
    const part = first.subresource === undefined ? '' : `/${first.subresource}`;
    return `${verbs} ${typeName(first)}${part}${first.name === undefined ? '' : ` ${first.name}`}${where}`;
  });
};

const sidesOf = ({ source, dest, kind }: PreflightInput): MoveSide[] =>
  source === undefined || kind === 'failover' ? [dest] : [source, dest];
