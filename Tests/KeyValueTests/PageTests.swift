import KeyValue
import Primitives
import Testing

@Suite struct PageTests {
    private static func entry(_ number: UInt8, valueCount: Int, isReplicated: Bool) -> Page.Entry {
        let stamp = ReplicationStamp(
            time: Timestamp(millisecondsSinceEpoch: -1 - Int64(number)), version: CommitVersion(UInt64(number) << 40))
        return Page.Entry(
            key: Array(repeating: number, count: Int(number % 5)),
            record: Versioned(
                value: Array(repeating: 255 - number, count: valueCount), version: CommitVersion(UInt64(number)),
                time: Timestamp(millisecondsSinceEpoch: Int64(number) * 1000), stamp: isReplicated ? stamp : nil))
    }

    @Test func `entries come out of a page as they went in, empty ones and replicated ones too`() {
        let entries = (0..<100 as Range<UInt8>).map {
            Self.entry($0, valueCount: Int($0) * 7 % 300, isReplicated: $0 % 3 == 1)
        }
        let page = Page.Entries(entries)
        #expect(Array(page) == entries)
        #expect(page.count == 100 && page.first == entries[0] && page.last == entries[99])
        #expect(page.bytes.count == entries.reduce(0) { $0 + $1.key.count + $1.record.value.count })
        for index in page.indices {
            #expect(Array(page.bytes[page.key(at: index)]) == entries[index].key)
            #expect(Array(page.bytes[page.value(at: index)]) == entries[index].record.value)
        }
        #expect(Page.Entries().isEmpty && Page.Entries().first == nil)
    }
}
