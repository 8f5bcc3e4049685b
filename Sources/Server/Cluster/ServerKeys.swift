internal import Primitives
internal import ServiceKit
internal import Signing

/// Whose access keys a process takes: its own, or those of another one of its cluster.
struct ServerKeys: Sendable {
    let identity: any IdentityPort
    /// The keys of this process; nil if it takes them from another.
    let local: LocalIdentity?
    let remote: RemoteIdentity?
    /// The root key, if it has just been made.
    let made: KeyDescription?
    /// A sentence about keys that were lost before this start; nil when there were none to lose.
    var loss: String?

    static func open(
        _ configuration: Configuration, _ directory: DataDirectory, _ box: SecretBox, _ cluster: Cluster?,
        clock: any WallClock, random: any RandomSource
    ) throws(StartError) -> ServerKeys {
        let mapsAccountIDs = configuration.compatibility == .localstack
        if let remote = cluster?.remoteIdentity(
            box: box, clock: clock, random: random, mapsAccountIDs: mapsAccountIDs)
        {
            return ServerKeys(identity: remote, local: nil, remote: remote, made: nil)
        }
        let loss = try KeyStore.lossOfKeys(configuration)
        let made = try self.ensureKeys(configuration)
        do throws(IdentityFileError) {
            let local = try LocalIdentity(
                file: AccessKeyFile(path: directory.accessKeys, box: box, random: random),
                policies: directory.userPolicyFile(random: random),
                box: box,
                random: random,
                mapsAccountIDs: mapsAccountIDs,
                clusterBox: cluster?.key.box(for: Cluster.sessionsPurpose)
            )
            return ServerKeys(identity: local, local: local, remote: nil, made: made, loss: loss)
        } catch {
            throw StartError(error)
        }
    }

    private static func ensureKeys(_ configuration: Configuration) throws(StartError) -> KeyDescription? {
        let environment = ProcessEnvironment.variables
        let accessKeyID = environment["BRUME_ROOT_ACCESS_KEY_ID"]
        let secret = environment["BRUME_ROOT_SECRET_ACCESS_KEY"]
        var root: (accessKeyID: String, secretAccessKey: String)?
        switch (accessKeyID, secret) {
        case (nil, nil): break
        case (let accessKeyID?, let secret?):
            guard AccessKey.isLawfulID(accessKeyID), AccessKey.isLawfulSecret(secret) else {
                throw StartError(
                    .configuration,
                    "BRUME_ROOT_ACCESS_KEY_ID is \(AccessKey.idRule), and "
                        + "BRUME_ROOT_SECRET_ACCESS_KEY 1 to 128 visible ASCII characters"
                )
            }
            root = (accessKeyID, secret)
        default:
            throw StartError(
                .configuration,
                "BRUME_ROOT_ACCESS_KEY_ID and BRUME_ROOT_SECRET_ACCESS_KEY go together: set both or neither"
            )
        }
        return try KeyStore(configuration)
            .ensureKeys(root: root, addsTestKeys: configuration.compatibility == .localstack)
    }
}
