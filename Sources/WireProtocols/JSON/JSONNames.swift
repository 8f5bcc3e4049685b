internal import ServiceModel

/// Finds a structure's member by the bytes of its JSON name.
enum JSONNames {
    /// The index of the member whose name is `bytes[start..<end]`; nil when there is none.
    /// - Complexity: one comparison where `expected` is right, else O(members).
    @inline(__always)
    static func index(
        of bytes: [UInt8], _ start: Int, _ end: Int, in schema: ShapeSchema, expected: Int
    ) -> Int? {
        let members = schema.members
        if expected < members.count, self.matches(bytes, start, end, members[expected].jsonNameUTF8) {
            return expected
        }
        for index in members.indices where self.matches(bytes, start, end, members[index].jsonNameUTF8) {
            return index
        }
        return nil
    }

    @inline(__always)
    private static func matches(_ bytes: [UInt8], _ start: Int, _ end: Int, _ name: [UInt8]) -> Bool {
        guard name.count == end - start else { return false }
        for index in 0..<name.count where bytes[start + index] != name[index] {
            return false
        }
        return true
    }
}
