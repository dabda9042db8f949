import { nameList } from '../../common/sentences.ts';
import { groupKind, groupOf } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { chooseTypes } from '../../pipeline/choose-types.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/** Whether the side that starts serves every kind that is to be started there. */
export const checkApiKinds: CheckRow = {
  id: 'api-missing',
  passed: 'Every kind to be started is served there.',
  run: (context) => [...stagedKinds(context), ...stashedKinds(context)],
};

// What runs at the source now and is staged by the cutover on its way.
const stagedKinds = ({ input, from, to, survey }: CheckContext): Finding[] => {
  if (input.kind !== 'cutover' || from === undefined || survey === undefined) return [];
  const pairs = chooseTypes(from.side.discovery, to.side.discovery);
  const kinds = Map.groupBy(survey.entries, groupKind);
  return [...kinds].flatMap(([kind, entries]) => {
    const [{ apiVersion, kind: plain }] = entries as [(typeof entries)[number]];
    const pair = pairs.find(({ source }) => source.kind === plain && source.group === groupOf(apiVersion));
    if (pair?.dest !== undefined) return [];
    const names = nameList(entries.map(({ name }) => name));
    return [
      finding(
        'api-missing',
        'refuse',
        kind,
        `${plain} ${names} cannot be started in ${whereIs(to.side)}: ${pair?.unsupported ?? `context ${to.side.cluster.context} does not serve ${kind}`}.`,
        `Install its CRD there, let a stage create it with --include-cluster-needs, or leave the type out with --exclude-resource-types ${pair?.name ?? plain.toLowerCase()}.`,
      ),
    ];
  });
};

const stashedKinds = ({ to, stashed }: CheckContext): Finding[] =>
  stashed
    .filter(
      (object) =>
        !to.side.discovery.types.some(
          (type) =>
            type.kind === object.kind &&
            type.group === groupOf(object.apiVersion) &&
            object.apiVersion.endsWith(type.version),
        ),
    )
    .map((object) =>
      finding(
        'api-missing',
        'refuse',
        `${object.kind} ${object.metadata.name}`,
        `${object.kind} ${object.metadata.name} is kept as a manifest and is to be created in ${whereIs(to.side)}, but context ${to.side.cluster.context} does not serve ${object.apiVersion} ${object.kind}.`,
        'Install its CRD there.',
      ),
    );
