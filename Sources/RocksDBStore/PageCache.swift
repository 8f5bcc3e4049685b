internal import KeyValue
internal import Synchronization

/// The parameters of a scan, as a cache key.
struct PageQuestion: Hashable, Sendable {
    let range: KeyRange
    let limit: Int
    let byteLimit: Int
    let isReverse: Bool
    let lead: KeyLead
    fileprivate let hash: Int

    /// - Returns: nil when the range spans several leads; changes within it are not tracked, so its pages are not
    ///   cached.
    init?(_ range: KeyRange, limit: Int, byteLimit: Int, isReverse: Bool) {
        guard let lead = KeyLead(range) else { return nil }
        self.range = range
        self.limit = limit
        self.byteLimit = byteLimit
        self.isReverse = isReverse
        self.lead = lead
        var hasher = Hasher()
        unsafe range.start.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        if let end = range.end { unsafe end.withUnsafeBytes { unsafe hasher.combine(bytes: $0) } }
        hasher.combine(limit)
        hasher.combine(isReverse)
        self.hash = hasher.finalize()
    }

    static func == (left: PageQuestion, right: PageQuestion) -> Bool {
        left.hash == right.hash && left.limit == right.limit && left.isReverse == right.isReverse
            && left.byteLimit == right.byteLimit && left.range == right.range
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.hash)
    }
}

/// A cache of pages that are requested repeatedly. Reading a page takes a search in the memtables and in each level of
/// the table, and a copy of each record.
///
/// As in `RecordCache`, nothing is removed because it changed: a page is kept with the version as of which it was read,
/// and whoever finds it asks the admission whether its lead was touched since.
final class PageCache: Sendable {
    private struct State {
        var pages: ClockCache<PageQuestion, Page>
        /// Hashes of questions that were asked once, each at the index of its lowest bits.
        var askedOnce: [Int] = []
    }

    /// The memory of a page besides its question and entries, in bytes.
    static let overheadBytes = 300
    /// Questions that are remembered until they are asked again; 32 KiB.
    private static let askedOnceCount = 4096

    private let state: Mutex<State>

    /// `bytesMax` bounds questions, entries and overhead; 0 keeps nothing.
    init(bytesMax: Int) {
        self.state = Mutex(State(pages: ClockCache(bytesMax: bytesMax)))
    }

    func find(_ question: PageQuestion) -> Page? {
        self.state.withLock { $0.pages.find(question) }
    }

    /// Keeps a page the second time that it is requested. Pages that are read once, as by a client that pages through a
    /// whole table, evict nothing and are not copied.
    func insert(_ question: PageQuestion, _ page: Page) {
        let isWanted = self.state.withLock { state in
            if let index = state.pages.index(of: question) { return state.pages[index].asOf < page.asOf }
            if state.askedOnce.isEmpty { state.askedOnce = Array(repeating: 0, count: Self.askedOnceCount) }
            let place = question.hash & (Self.askedOnceCount - 1)
            defer { state.askedOnce[place] = question.hash }
            return state.askedOnce[place] == question.hash
        }
        guard isWanted else { return }
        let kept = Page(entries: page.entries.compact, asOf: page.asOf, continuation: page.continuation)
        let questionBytes = question.range.start.count + (question.range.end?.count ?? 0)
        let bytes = Self.overheadBytes + questionBytes + kept.entries.byteCount + (page.continuation?.count ?? 0)
        self.state.withLock { $0.pages.insert(question, kept, bytes: bytes) }
    }
}
