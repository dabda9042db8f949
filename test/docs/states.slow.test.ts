import { expect, test } from 'vitest';
import { judge, STATES } from '../../src/status/judge-status.ts';
import type { StatusFacts } from '../../src/status/status-facts.ts';
import { everything } from '../helpers/all-states.ts';

// After a change of the table: vitest run --project slow -u test/docs/states.slow.test.ts
test('docs/states.md is what the table of states says', { timeout: 60_000 }, async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/states.md');
});

const page = (): string => {
  const examples = new Map<string, StatusFacts>();
  for (const facts of everything()) {
    const { state } = judge(facts);
    if (!examples.has(state)) examples.set(state, facts);
  }
  const rows = STATES.map((row) => {
    const facts = examples.get(row.id);
    if (facts === undefined) throw new Error(`no combination of facts is in the state ${row.id}`);
    const { outcome, decide } = judge(facts);
    const ways = row.ways(facts).map(({ when, command }) => `${when}: \`${command}\``);
    const out = [...ways, ...(decide === undefined ? [] : [decide])];
    return `| \`${row.id}\` | ${row.title} | ${outcome} | ${row.summary(facts).trim()} | ${row.unknown ?? '-'} | ${out.length === 0 ? '-' : out.join('<br>')} |`;
  });
  return `${HEAD}\n${rows.join('\n')}\n`;
};

const HEAD = `# States

Every state that \`dr-syncer status\` can find. The first row that matches is the state, and its name is the field \`state\` of
the result. Each row has at least one command that resolves the state, or says what a person must decide. The commands that
\`status\` prints are complete: they contain the kubeconfigs, contexts and namespaces of the pair. They never contain a flag that
accepts a loss: a command that may lose something says so and asks for that flag. The examples use a namespace \`shop\` with the
contexts \`east\` (source) and \`west\` (destination).

| state | what it is | outcome | what is known | what cannot be known | what to do |
|---|---|---|---|---|---|`;
