internal import KeyValue
internal import Synchronization

/// What one scan asks for.
struct PageQuestion: Hashable, Sendable {
    let range: KeyRange
    let limit: Int
    let byteLimit: Int
    let isReverse: Bool
    let lead: KeyLead
    fileprivate let hash: Int

    /// - Returns: nil when the range is wider than what commits are followed by, so that its pages are not kept.
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

/// The pages that are asked for again and again. To read a page anew takes a search in the memtables and in each level
/// that the table has grown to, and a copy of each record.
///
/// As in `RecordCache` nothing is taken out because it changed: a page is kept with the version as of which it was
/// read, and whoever finds it asks the admission whether its lead was touched since.
final class PageCache: Sendable {
    private struct State {
        var pages: ClockCache<PageQuestion, Page>
        /// Hashes of questions that were asked once, each in the place that its lowest bits say.
        var askedOnce: [Int] = []
    }

    /// What a page costs beside its question and entries, in bytes.
    static let overheadBytes = 300
    /// Questions that are remembered until they are asked again; 32 KiB.
    private static let askedOnceCount = 4096

    private let state: Mutex<State>

    /// `bytesMax` bounds questions, entries and what they cost beside; 0: nothing is kept.
    init(bytesMax: Int) {
        self.state = Mutex(State(pages: ClockCache(bytesMax: bytesMax)))
    }

    func find(_ question: PageQuestion) -> Page? {
        self.state.withLock { $0.pages.find(question) }
    }

    /// Keeps what was read, the second time that it was asked for: what is read once, as by someone who pages through
    /// everything, pushes out nothing and is not copied.
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
