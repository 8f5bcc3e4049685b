internal import Crypto
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The directory of the engines' sockets: with a short path, since the path of a Unix socket is limited, and private to
/// this user, since access to the socket gives access to the engine.
package final class EngineDirectory: Sendable {
    /// The longest path of a Unix socket on every system.
    /// - Source: macOS, sys/un.h (104); Linux has 108.
    package static let socketBytesMax = 104
    private static let parentBytesMax = 60

    package let path: String
    private let parents: [String]
    private let count = Mutex(0)

    /// - Parameters:
    ///   - dataDirectory: the server's; each data directory has its own socket directory.
    ///   - parent: such as `XDG_RUNTIME_DIR`; `/tmp` if it is nil or too long, or cannot be used. If neither can be,
    ///     the directory is in the data directory, if that has a short path.
    /// - Throws: a sentence, when none of them can be used, such as a directory that belongs to another user.
    package init(dataDirectory: String, parent: String?) throws(ProcessStartError) {
        let letters = Array("0123456789abcdef")
        let name = SHA256.hash(data: Array(dataDirectory.utf8)).prefix(5).map {
            "\(letters[Int($0 >> 4)])\(letters[Int($0 & 15)])"
        }.joined()
        let given = parent.flatMap { Self.isLawful($0) && $0 != "/tmp" ? $0 : nil }
        self.parents = (given.map { [$0] } ?? []) + ["/tmp"]
        // A container with a read-only root may have no `/tmp`. The data directory is private as well.
        let places = self.parents + (Self.isLawful(dataDirectory) ? [dataDirectory] : [])
        self.path = try Self.made(places.map { "\($0)/\(Self.prefix)\(name)" })
        EngineRecord(processID: getpid()).write("\(self.path)/\(Self.ownerName)")
    }

    /// The first of these directories that can be used, made.
    /// - Throws: what is wrong with the first.
    private static func made(_ paths: [String]) throws(ProcessStartError) -> String {
        var failure: ProcessStartError?
        for path in paths {
            do throws(ProcessStartError) {
                try EngineFiles.makePrivateDirectory(path)
                return path
            } catch {
                failure = failure ?? error
            }
        }
        throw failure ?? ProcessStartError(sentence: "no place is named")
    }

    private static func isLawful(_ parent: String) -> Bool {
        parent.hasPrefix("/") && parent.utf8.count <= Self.parentBytesMax
    }

    /// The prefix of the directories of this user's servers.
    private static var prefix: String { "brume-\(geteuid())-" }
    /// The prefix of the file that records the server's process.
    private static let ownerPrefix = "server-"
    /// Process ids are only valid within one container: the PID namespace distinguishes directories that containers
    /// share.
    private static let ownerName =
        EngineDirectory.ownerPrefix + (Disk.linkTarget("/proc/self/ns/pid") ?? "").filter { $0.isASCII && $0.isNumber }
    /// The maximum number of directories that are checked.
    private static let abandonedCountMax = 1000

    /// Removes the directory after all engines have ended: a stopped server leaves nothing behind.
    package func remove() {
        Self.empty(self.path)
    }

    /// Removes the directories of killed servers, of any data directory, and kills their engines.
    /// - Returns: the processes that were killed.
    package func removeAbandoned() -> [Int32] {
        var ended: [Int32] = []
        for parent in self.parents {
            let names = EngineFiles.names(in: parent, suffix: "").filter { $0.hasPrefix(Self.prefix) }
            for name in names.prefix(Self.abandonedCountMax) {
                let path = "\(parent)/\(name)"
                // Directories of other users and links are left alone.
                guard path != self.path, EngineFiles.isPrivateDirectory(path) else { continue }
                // A directory without an owner is just being created, or belongs to another version.
                guard let owner = EngineRecord(path: "\(path)/\(Self.ownerName)"), !owner.isRunning else { continue }
                ended += Self.endEngines(in: path)
                Self.empty(path)
            }
        }
        return ended
    }

    /// Removes the files that a server creates there, and the directory if it is empty then.
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

    /// Kills the engines that an earlier server of this data directory left behind, and removes their files.
    ///
    /// The guards of a server leave none; this is for guards that were killed too.
    /// - Returns: the processes that were killed.
    @discardableResult
    package func endLeftovers() -> [Int32] {
        let ended = Self.endEngines(in: self.path)
        for name in EngineFiles.names(in: self.path, suffix: ".sock") { EngineFiles.remove("\(self.path)/\(name)") }
        return ended
    }

    /// Paths for another engine; nothing listens there.
    package func next() -> (socket: String, record: String) {
        let number = self.count.withLock { count in
            count += 1
            return count
        }
        let (socket, record) = ("\(self.path)/\(number).sock", "\(self.path)/\(number).pid")
        precondition(socket.utf8.count <= Self.socketBytesMax, "the directory's parent is bounded")
        // The socket file of a killed process would keep the next one from listening.
        EngineFiles.remove(socket)
        return (socket, record)
    }
}
