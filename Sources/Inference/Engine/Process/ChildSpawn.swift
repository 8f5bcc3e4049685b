internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// `posix_spawn` with what an engine and its guard need: no ignored or blocked signals, and optionally a process group.
enum ChildSpawn {
    /// - Parameters:
    ///   - command: the program's path and arguments; a name without a slash is searched in `PATH`.
    ///   - input: becomes standard input; nil: `/dev/null`.
    ///   - output: becomes standard output and standard error; nil: those of this process.
    ///   - startsGroup: whether the child gets its own process group, so that signals to this process's group do not
    ///     reach it.
    /// - Returns: the child's process id.
    /// - Throws: a sentence with the system's reason.
    static func spawn(
        _ command: [String], input: Int32?, output: Int32?, startsGroup: Bool
    ) throws(ProcessStartError) -> Int32 {
        #if canImport(Darwin)
        var actions = unsafe posix_spawn_file_actions_t(bitPattern: 0)
        var attributes = unsafe posix_spawnattr_t(bitPattern: 0)
        #else
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let output {
            unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
            unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
        }
        var flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
        if startsGroup {
            flags |= Int32(POSIX_SPAWN_SETPGROUP)
            unsafe posix_spawnattr_setpgroup(&attributes, 0)
        }
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&signals, number) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)

        var words = unsafe command.map { unsafe strdup($0) }
        unsafe words.append(nil)
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
        }
        var variables = unsafe Self.publicVariables()
        unsafe variables.append(nil)
        var processID = pid_t()
        let status = unsafe posix_spawnp(&processID, command[0], &actions, &attributes, words, variables)
        guard status == 0 else {
            throw ProcessStartError(sentence: "\(command[0]) cannot be started: \(SystemError.sentence(status))")
        }
        return processID
    }

    /// Prefixes of variables with secrets of this server and its owner; no engine needs them.
    private static let secretPrefixes = ["BRUME_", "AWS_", "HF_", "HUGGING_FACE"]

    /// The environment without secrets; the pointers belong to the environment.
    private static func publicVariables() -> [UnsafeMutablePointer<CChar>?] {
        var variables: [UnsafeMutablePointer<CChar>?] = unsafe []
        var entry = unsafe environ
        while let pointer = unsafe entry.pointee {
            let line = unsafe String(cString: pointer)
            if !Self.secretPrefixes.contains(where: line.hasPrefix) { unsafe variables.append(pointer) }
            unsafe entry += 1
        }
        return unsafe variables
    }
}
