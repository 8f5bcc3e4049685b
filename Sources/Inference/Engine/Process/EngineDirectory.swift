internal import Crypto
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where engines listen: a short directory of this user's alone, since a Unix socket's path is bounded and whoever may
/// open it may use the engine.
package final class EngineDirectory: Sendable {
    /// The longest path of a Unix socket on every system.
    /// - Source: macOS, sys/un.h (104); Linux has 108.
    package static let socketBytesMax = 104
    private static let parentBytesMax = 60

    package let path: String
    private let parents: [String]
    private let count = Mutex(0)

    /// - Parameters:
    ///   - dataDirectory: of the server; each has a directory here.
    ///   - parent: such as `XDG_RUNTIME_DIR`; nil, or one too long, takes `/tmp`.
    /// - Throws: a sentence, where the directory is another's.
    package init(dataDirectory: String, parent: String?) throws(ProcessStartError) {
        let letters = Array("0123456789abcdef")
        let name = SHA256.hash(data: Array(dataDirectory.utf8)).prefix(5).map {
            "\(letters[Int($0 >> 4)])\(letters[Int($0 & 15)])"
        }.joined()
        let given = parent.flatMap { $0.hasPrefix("/") && $0.utf8.count <= Self.parentBytesMax ? $0 : nil }
        self.path = "\(given ?? "/tmp")/\(Self.prefix)\(name)"
        self.parents = given == nil || given == "/tmp" ? ["/tmp"] : [given ?? "/tmp", "/tmp"]
        try EngineFiles.makePrivateDirectory(self.path)
        EngineRecord(processID: getpid()).write("\(self.path)/\(Self.ownerName)")
    }

    /// How directories of this user's servers begin.
    private static var prefix: String { "brume-\(geteuid())-" }
    /// How the file with the server's process begins.
    private static let ownerPrefix = "server-"
    /// Process ids hold in one container only: directories that a container shares with others are told apart by it.
    private static let ownerName =
        EngineDirectory.ownerPrefix + (Disk.linkTarget("/proc/self/ns/pid") ?? "").filter { $0.isASCII && $0.isNumber }
    /// Directories that are looked at.
    private static let abandonedCountMax = 1000

    /// Removes the directory, once no engine runs: a stopped server leaves nothing behind.
    package func remove() {
        Self.empty(self.path)
    }

    /// Removes the directories of servers that were killed, whatever their data directory was, and ends their engines.
    /// - Returns: the processes that it ended.
    package func removeAbandoned() -> [Int32] {
        var ended: [Int32] = []
        for parent in self.parents {
            let names = EngineFiles.names(in: parent, suffix: "").filter { $0.hasPrefix(Self.prefix) }
            for name in names.prefix(Self.abandonedCountMax) {
                let path = "\(parent)/\(name)"
                // Another user's, or a link to somewhere else, is left alone.
                guard path != self.path, EngineFiles.isPrivateDirectory(path) else { continue }
                // One without an owner is being made now, or another version's.
                guard let owner = EngineRecord(path: "\(path)/\(Self.ownerName)"), !owner.isRunning else { continue }
                ended += Self.endEngines(in: path)
                Self.empty(path)
            }
        }
        return ended
    }

    /// Takes away the files that a server makes there, and the directory if nothing else is in it.
    private static func empty(_ path: String) {
        for suffix in [".pid", ".sock", Self.ownerName] {
            for name in EngineFiles.names(in: path, suffix: suffix) { EngineFiles.remove("\(path)/\(name)") }
        }
        _ = unsafe rmdir(path)
    }

    private static func endEngines(in path: String) -> [Int32] {
        var ended: [Int32] = []
        for name in EngineFiles.names(in: path, suffix: ".pid") {
            let path = "\(path)/\(name)"
            if let record = EngineRecord(path: path), record.isRunning {
                record.end()
                ended.append(record.processID)
            }
            EngineFiles.remove(path)
        }
        return ended
    }

    /// Ends the engines that an earlier server of this data directory left, and removes their files.
    ///
    /// A server's own guards leave none; this is for guards that were killed too.
    /// - Returns: the processes that it ended.
    @discardableResult
    package func endLeftovers() -> [Int32] {
        let ended = Self.endEngines(in: self.path)
        for name in EngineFiles.names(in: self.path, suffix: ".sock") { EngineFiles.remove("\(self.path)/\(name)") }
        return ended
    }

    /// Paths for one more engine; nobody listens there.
    package func next() -> (socket: String, record: String) {
        let number = self.count.withLock { count in
            count += 1
            return count
        }
        let (socket, record) = ("\(self.path)/\(number).sock", "\(self.path)/\(number).pid")
        precondition(socket.utf8.count <= Self.socketBytesMax, "the directory's parent is bounded")
        // A socket's file outlives a process that was killed, and would keep the next one from listening.
        EngineFiles.remove(socket)
        return (socket, record)
    }
}
