/** Environment variable with the folder of Maven's local repository, which has none of its own. */
export const REPOSITORY = 'TFK_MAVEN_REPOSITORY';

/** Writes Java's own authorities with those of a file of certificates: Java reads no such file. */
const TRUST = `
import java.io.*;
import java.security.KeyStore;
import java.security.cert.*;
import javax.net.ssl.*;

public class Trust {
  public static void main(String[] args) throws Exception {
    KeyStore store = KeyStore.getInstance("JKS");
    store.load(null, null);
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    int count = 0;
    for (TrustManager manager : factory.getTrustManagers())
      if (manager instanceof X509TrustManager)
        for (Certificate known : ((X509TrustManager) manager).getAcceptedIssuers())
          store.setCertificateEntry("java-" + count++, known);
    try (InputStream in = new BufferedInputStream(new FileInputStream(args[0]))) {
      for (Certificate given : CertificateFactory.getInstance("X.509").generateCertificates(in))
        store.setCertificateEntry("host-" + count++, given);
    }
    try (OutputStream out = new FileOutputStream(args[1])) {
      store.store(out, "changeit".toCharArray());
    }
  }
}
`;

/**
 * Runs Maven by the words given to the script, then what the app's config vars say, then its goals. Maven reads neither of
 * repository, certificates nor proxy from the environment; and its settings are the source's, never those of who runs tfkd.
 * The store of certificates lies in the build's home, made once for each bundle.
 */
export const MAVEN = `set -euf
if [ -n "\${SSL_CERT_FILE:-}" ]; then
  trust=$HOME/java-trust-$(cksum < "$SSL_CERT_FILE" | tr ' ' -).jks
  if [ ! -f "$trust" ]; then
    work=$(mktemp -d)
    cat > "$work/Trust.java" <<'END'
${TRUST}END
    javac -d "$work" "$work/Trust.java"
    java -cp "$work" Trust "$SSL_CERT_FILE" "$work/store"
    mv "$work/store" "$trust"
    rm -r "$work"
  fi
  set -- "$@" "-Djavax.net.ssl.trustStore=$trust" -Djavax.net.ssl.trustStorePassword=changeit
fi
proxies=
proxy=\${HTTPS_PROXY:-\${https_proxy:-}}
if [ -n "$proxy" ]; then
  place=\${proxy#*://}
  place=\${place%%/*}
  place=\${place##*@}
  direct=$(printf %s "\${NO_PROXY:-\${no_proxy:-}}" | sed 's/ *, */|/g; s/^\\./*./; s/|\\./|*./g')
  proxies="<proxies><proxy><active>true</active><protocol>https</protocol><host>\${place%:*}</host>\
<port>\${place##*:}</port><nonProxyHosts>$direct</nonProxyHosts></proxy></proxies>"
fi
printf '<settings>%s</settings>\\n' "$proxies" > "$HOME/maven-settings.xml"
settings=\${MAVEN_SETTINGS_PATH:-settings.xml}
if [ -f "$settings" ]; then
  set -- "$@" -s "$settings"
  [ -z "$proxies" ] || set -- "$@" -gs "$HOME/maven-settings.xml"
else
  set -- "$@" -s "$HOME/maven-settings.xml"
fi
goals=\${MAVEN_CUSTOM_GOALS:-$TFK_MAVEN_GOALS}
exec "$@" "-Dmaven.repo.local=$${REPOSITORY}" \${MAVEN_CUSTOM_OPTS:--DskipTests} $goals
`;
