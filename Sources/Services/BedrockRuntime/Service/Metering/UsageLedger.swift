package import Primitives
internal import Synchronization

/// What each principal has used of each model, by day, kept in files of one directory.
///
/// `totals` has all but the latest; `journal` has what came since, a line an answer, in the system's hands when the
/// answer is given: a process that is killed loses nothing, a power cut the last seconds. A full journal becomes
/// `journal.1` and is added to the totals by a thread of its own, which writes a large file and waits for the disk;
/// meanwhile answers go into the next journal. Each file begins with a number: a journal whose number is below that of
/// the totals is in them already, so that nothing is counted twice whenever the process ends.
package final class UsageLedger: Sendable {
    /// Lines of a journal until the next is begun.
    package static let journalLineCountMax = 20_000
    /// Keys that are kept; further ones of a day are added up under one name.
    static let keyCountMax = 100_000
    static let otherName = "(others)"

    private enum Fold {
        /// No `journal.1`, or one that the totals have.
        case done
        case underWay
        /// The disk refused the totals: `journal.1` is still needed.
        case failed
    }

    /// Answers until lines that the disk did not take are tried again: each try writes all of them.
    private static let retryAnswerCount = 100
    /// The same in time.
    private static let retryInterval = Duration.seconds(1)

    private struct State {
        /// The keys that are kept.
        var keys: Set<UsageKey>
        /// What the disk did not take yet.
        var unwritten: [UsageKey: UsageTotals] = [:]
        var answersToRetry = 0
        var retryTime = ContinuousClock.now
        /// Of the journal that is written to.
        var number: Int
        var journalLineCount = 0
        /// Open while the journal of this number is written: opening it for each line was half of what a line costs,
        /// on the event loop of the answer.
        var journal: AppendedFile?
        var fold = Fold.done
    }

    private let path: String
    private let random: any RandomSource
    private let journalLineCountMax: Int
    private let runBeside: @Sendable (_ work: @escaping @Sendable () -> Void) -> Void
    private let state: Mutex<State>

    /// Reads the directory and makes it where it is missing; files that cannot be read are put aside as `….unread`.
    /// - Parameters:
    ///   - directory: belongs to this ledger alone, but for readers.
    ///   - random: for the names of files that are being written.
    ///   - journalLineCountMax: lines of a journal until the next is begun.
    ///   - runBeside: runs what blocks, and returns at once.
    /// - Throws: when the directory cannot be made or written.
    package init(
        directory: String, random: any RandomSource, journalLineCountMax: Int = UsageLedger.journalLineCountMax,
        runBeside: @escaping @Sendable (_ work: @escaping @Sendable () -> Void) -> Void = {
            BlockingThread.start("usage-totals", $0)
        }
    ) throws(FileError) {
        self.path = directory
        self.random = random
        self.journalLineCountMax = journalLineCountMax
        self.runBeside = runBeside
        try Files.createDirectory(directory)
        try UsageFiles.removeUnfinished(directory)
        try UsageFiles.keepUnread(directory)
        let files = try UsageFiles.read(directory)
        let number = files.newest + 1
        self.state = Mutex(State(keys: Set(files.sum.keys), number: number))
        try UsageFiles.replaceTotals(of: directory, by: files.sum, number, random)
        try UsageFiles.replaceJournal(of: directory, number, random)
    }

    /// All that was used, for commands; reads the files of a server that may be running.
    package static func read(directory: String) -> [(key: UsageKey, totals: UsageTotals)] {
        // Without its files a directory has no usage; `brume usage` then says so.
        let sum = (try? UsageFiles.read(directory))?.sum ?? [:]
        return sum.map { ($0.key, $0.value) }.sorted { left, right in
            (left.key.day, left.key.account, left.key.principal, left.key.model)
                < (right.key.day, right.key.account, right.key.principal, right.key.model)
        }
    }

    /// Adds to what was used. What the disk does not take is kept in memory and written with a later answer.
    package func add(_ totals: UsageTotals, to key: UsageKey) {
        self.state.withLock { state in
            let key = Self.kept(key, &state.keys)
            guard state.unwritten.isEmpty else {
                state.unwritten[key, default: UsageTotals()] += totals
                return self.retry(&state)
            }
            guard self.append(UsageLine.text(key, totals), &state) else {
                state.unwritten[key] = totals
                return Self.waitToRetry(&state)
            }
            state.journalLineCount += 1
            if state.journalLineCount >= self.journalLineCountMax { self.turn(&state) }
        }
    }

    /// The key under which something is kept.
    private static func kept(_ key: UsageKey, _ keys: inout Set<UsageKey>) -> UsageKey {
        if keys.contains(key) { return key }
        let key =
            keys.count < self.keyCountMax
            ? key
            : UsageKey(day: key.day, account: key.account, principal: self.otherName, model: self.otherName)
        keys.insert(key)
        return key
    }

    private func append(_ text: String, _ state: inout State) -> Bool {
        do throws(FileError) {
            let journal = if let open = state.journal { open } else { try AppendedFile(UsageFiles.journal(self.path)) }
            state.journal = journal
            try journal.append(Array(text.utf8))
            return true
        } catch {
            return false
        }
    }

    private func retry(_ state: inout State) {
        state.answersToRetry -= 1
        guard state.answersToRetry <= 0 || ContinuousClock.now >= state.retryTime else { return }
        Self.waitToRetry(&state)
        self.writeUnwritten(&state)
    }

    private static func waitToRetry(_ state: inout State) {
        state.answersToRetry = self.retryAnswerCount
        state.retryTime = ContinuousClock.now + self.retryInterval
    }

    /// Writes what the disk did not take before; for the end of the server.
    package func flush() {
        self.state.withLock { state in
            if !state.unwritten.isEmpty { self.writeUnwritten(&state) }
        }
    }

    private func writeUnwritten(_ state: inout State) {
        guard self.append(state.unwritten.map { UsageLine.text($0.key, $0.value) }.joined(), &state) else { return }
        state.journalLineCount += state.unwritten.count
        state.unwritten = [:]
    }

    /// Begins the next journal and has the full one added to the totals. While the one before is not in them yet, the
    /// full one goes on.
    private func turn(_ state: inout State) {
        switch state.fold {
        case .underWay: return
        case .failed: break
        case .done:
            let next = state.number + 1
            guard (try? UsageFiles.turnJournal(of: self.path, to: next)) != nil else { return }
            state.number = next
            state.journal = nil
        }
        state.journalLineCount = 0
        state.fold = .underWay
        let number = state.number
        self.runBeside { [self] in
            let isWritten = (try? UsageFiles.fold(self.path, into: number, self.random)) != nil
            self.state.withLock { $0.fold = isWritten ? .done : .failed }
        }
    }
}
