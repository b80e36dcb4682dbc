import type { Migration } from '../migrations.ts';

/** What keys have spent, and what they said of the answers they paid for. */
export const ACCOUNTS: Migration = ({ integer, end }) => `
  -- One row for each key and UTC day, and one (day -1) for all days together, so that a start reads two rows a key.
  CREATE TABLE spending (
    key_hash TEXT NOT NULL,
    day ${integer} NOT NULL,
    micro_usd ${integer} NOT NULL,
    tokens ${integer} NOT NULL,
    requests ${integer} NOT NULL,
    PRIMARY KEY (key_hash, day)
  ) ${end};

  -- One vote for each payer, node and day of service: the last stands.
  CREATE TABLE votes (
    key_hash TEXT NOT NULL,
    node TEXT NOT NULL,
    day ${integer} NOT NULL,
    receipt_id TEXT NOT NULL UNIQUE,
    good ${integer} NOT NULL,
    PRIMARY KEY (key_hash, node, day)
  ) ${end};
`;
