import KeyValue
import Testing

@Suite struct KeyRangeTests {
    @Test(
        arguments: [
            ([], nil), ([0], [1]), ([1, 255], [2]), ([255], nil), ([255, 255], nil), ([1, 2, 255, 255], [1, 3]),
            ([254, 255], [255]),
        ] as [([UInt8], [UInt8]?)])
    func `the end of a prefix is the next prefix`(_ prefix: [UInt8], _ end: [UInt8]?) {
        #expect(KeyRange(prefix: prefix) == KeyRange(start: prefix, end: end))
    }

    @Test func `comparison agrees with the standard library's`() {
        let keys: [[UInt8]] = [[], [0], [0, 0], [0, 255], [1], [1, 0], [127], [128], [255], [255, 255]]
        for left in keys {
            for right in keys {
                #expect((KeyOrder.compare(left, right) < 0) == left.lexicographicallyPrecedes(right))
                #expect((KeyOrder.compare(left, right) == 0) == (left == right))
            }
        }
    }

    @Test func `a range knows what it holds and whether it is empty`() {
        let range = KeyRange(start: [2], end: [4])
        #expect(range.contains([2]) && range.contains([3, 255]) && range.contains([3]))
        #expect(!range.contains([1, 255]) && !range.contains([4]) && !range.contains([4, 0]))
        #expect(!range.isEmpty && KeyRange(start: [2], end: [2]).isEmpty && KeyRange(start: [3], end: [2]).isEmpty)
        #expect(!KeyRange.all.isEmpty && KeyRange.all.contains([]) && KeyRange.all.contains([255]))
    }

    @Test func `what is left after a page begins after it forward and ends before it in reverse`() {
        let range = KeyRange(start: [2], end: [9])
        #expect(range.continued(from: [5], reverse: false) == KeyRange(start: [5], end: [9]))
        #expect(range.continued(from: [5], reverse: true) == KeyRange(start: [2], end: [5]))
    }
}
