CREATE TABLE orders (
  id        uuid        PRIMARY KEY,
  customer  text        NOT NULL,
  pizzas    text[]      NOT NULL,
  status    text        NOT NULL,
  late      boolean     NOT NULL DEFAULT false,
  placed_at timestamptz NOT NULL,
  ready_at  timestamptz
);

CREATE INDEX orders_by_time ON orders (placed_at, id);

-- An event is written in the same transaction as what it tells of, and handled by a worker afterwards.
CREATE TABLE events (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id    uuid        NOT NULL REFERENCES orders ON DELETE CASCADE,
  kind        text        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  handled_at  timestamptz
);

CREATE INDEX events_open ON events (id) WHERE handled_at IS NULL;

-- Who does alone what must not be done twice, and until when.
CREATE TABLE leases (
  name   text        PRIMARY KEY,
  holder text        NOT NULL,
  until  timestamptz NOT NULL
);
