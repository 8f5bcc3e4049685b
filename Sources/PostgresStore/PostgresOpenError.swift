/// Why a store on PostgreSQL cannot be opened, and what to do about it. No sentence contains a password.
package enum PostgresOpenError: Error, Equatable, Sendable, CustomStringConvertible {
    /// libpq cannot parse the URL. Its own message may quote a part of the password and is dropped.
    case url
    case unreachable(String)
    case refused(String)
    /// The server is too old.
    case version(Int)
    /// The tables were made by a later version of Brume.
    case newerSchema(found: Int, known: Int)
    /// Exclusive access was requested, but this many servers use the store.
    case inUse(Int)
    /// A copy is in progress, and the store cannot be used meanwhile.
    case isBeingCopied
    /// The tables could not be made or read.
    case schema(String)

    package var description: String {
        switch self {
        case .url:
            "the URL is not one that PostgreSQL's library reads; write postgres://user@host:5432/database, with "
                + "special characters of a name or password as %XX"
        case .unreachable(let sentence):
            "PostgreSQL does not answer: \(sentence). Start it, or correct host and port in the URL"
        case .refused(let sentence):
            "PostgreSQL refused the connection: \(sentence). Correct user, password (PGPASSWORD or the password "
                + "file) or database, or create them with createuser and createdb"
        case .version(let version):
            "PostgreSQL \(version / 10_000) is too old; Brume needs \(PostgresStore.serverVersionMin / 10_000) or later"
        case .newerSchema(let found, let known):
            "its tables have version \(found), this Brume knows \(known); start the one that wrote them, or a later one"
        case .inUse(let count):
            "it is in use by \(count == 1 ? "a server" : "\(count) servers"): stop every server that uses it first"
        case .isBeingCopied: "it is being copied: start again when that is done"
        case .schema(let sentence):
            "PostgreSQL did not make or read Brume's tables: \(sentence). The user must own the schema, or be "
                + "allowed to create it: GRANT CREATE ON DATABASE … TO …"
        }
    }
}
