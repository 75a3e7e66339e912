CREATE TABLE users (
  id         integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  username   text        NOT NULL,
  email      text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Ada and ada are one person; the names of these indexes tell the API which of the two was taken.
CREATE UNIQUE INDEX users_username_taken ON users (lower(username));
CREATE UNIQUE INDEX users_email_taken ON users (lower(email));
