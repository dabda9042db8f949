/** The example command lines of each command, for its help; the tests parse every one of them. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  stage: [
    'stage --source-context prod --dest-context dr -n shop --dry-run',
    'stage --source-context prod --dest-context dr -n shop --include-custom-resources',
    'stage --source-context prod --dest-context dr -n shop --storage-class-map gp3=standard -o json',
  ],
  plan: [
    'plan --source-context prod --dest-context dr -n shop',
    'plan --source-context prod --dest-context dr -n shop --resource-types deploy,cm,secrets -o yaml',
  ],
  cutover: [
    'cutover --source-context prod --dest-context dr -n shop --dry-run',
    'cutover --source-context prod --dest-context dr -n shop --smoke-url https://shop.dr.example.com/health --rollback-on-failure',
    'cutover --source-context prod --dest-context dr -n shop --yes --jobs wait -o json',
  ],
  failback: [
    'failback --source-context prod --dest-context dr -n shop --dry-run',
    'failback --source-context prod --dest-context dr -n shop --sync-config --reverse-migrate-pvc-data',
  ],
  failover: [
    'failover --dest-context dr -n shop --dry-run',
    'failover --dest-context dr -n shop --accept-data-loss --reason "region prod-1 is gone"',
  ],
  fence: ['fence --source-context prod --dest-context dr -n shop'],
  resume: [
    'resume --source-context prod --dest-context dr -n shop',
    'resume --source-context prod --dest-context dr -n shop --wait-timeout 15m --take-over',
  ],
  rollback: [
    'rollback --source-context prod --dest-context dr -n shop',
    'rollback --source-context prod --dest-context dr -n shop --destination-given-up --reason "region dr-1 is gone"',
  ],
  repair: [
    'repair --source-context prod --dest-context dr -n shop --dry-run',
    'repair --source-context prod --dest-context dr -n shop --live-side source',
  ],
  preflight: [
    'preflight --source-context prod --dest-context dr -n shop',
    'preflight failback --source-context prod --dest-context dr -n shop -o json',
    'preflight failover --dest-context dr -n shop --max-stage-age 1h',
  ],
  status: [
    'status --source-context prod --dest-context dr -n shop',
    'status --source-context prod --dest-context dr -n shop --watch -o ndjson',
  ],
  export: [
    'export mapping --source-context prod --dest-context dr -n shop',
    'export mapping --source-context prod --dest-context dr -n shop --mode continuous --prune -o json',
  ],
  controller: [
    'controller --leader-election-namespace dr-syncer-system',
    'controller --context management --observe --log-format text',
  ],
  history: ['history --dest-context dr -n shop', 'history --dest-context dr -n shop -o json'],
};

/** The examples of a command as its help shows them. */
export const exampleText = (command: string): string =>
  `\nExamples:\n${(EXAMPLES[command] ?? []).map((line) => `  dr-syncer ${line}`).join('\n')}`;
