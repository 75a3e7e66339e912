/** Sourced by every dyno before its command: the config vars that Heroku makes of others for Java, unless they are set. */
const JDBC = `case \${DATABASE_URL:-} in
  postgres://*@* | postgresql://*@*)
    place=\${DATABASE_URL#*@}
    user=\${DATABASE_URL#*://}
    user=\${user%%@*}
    password=\${user#*:}
    user=\${user%%:*}
    case $place in
      *\\?*) query="&\${place#*\\?}" place=\${place%%\\?*} ;;
      *) query= ;;
    esac
    : "\${JDBC_DATABASE_URL:=jdbc:postgresql://$place?user=$user&password=$password$query}"
    : "\${JDBC_DATABASE_USERNAME:=$user}" "\${JDBC_DATABASE_PASSWORD:=$password}"
    if [ -z "\${SPRING_DATASOURCE_URL:-}" ]; then
      SPRING_DATASOURCE_URL=$JDBC_DATABASE_URL
      SPRING_DATASOURCE_USERNAME=$JDBC_DATABASE_USERNAME
      SPRING_DATASOURCE_PASSWORD=$JDBC_DATABASE_PASSWORD
    fi
    export JDBC_DATABASE_URL JDBC_DATABASE_USERNAME JDBC_DATABASE_PASSWORD
    export SPRING_DATASOURCE_URL SPRING_DATASOURCE_USERNAME SPRING_DATASOURCE_PASSWORD
    unset place user password query
    ;;
esac
if [ -n "\${REDIS_URL:-}" ]; then
  export SPRING_REDIS_URL="\${SPRING_REDIS_URL:-$REDIS_URL}" SPRING_DATA_REDIS_URL="\${SPRING_DATA_REDIS_URL:-$REDIS_URL}"
fi
`;

export const PROFILE: Readonly<Record<string, string>> = { '.profile.d/jdbc.sh': JDBC };
