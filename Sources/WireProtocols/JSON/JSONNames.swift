internal import ServiceModel

/// Finds a structure's member by the bytes of its JSON name.
enum JSONNames {
    /// The index of the member whose name is `bytes[start..<end]`; nil when there is none.
    /// - Complexity: one comparison where `expected` is right, else O(members).
    @inline(__always)
    static func index(
        of bytes: [UInt8], _ start: Int, _ end: Int, in schema: ShapeSchema, expected: Int, acceptsModelNames: Bool
    ) -> Int? {
        let members = schema.members
        if expected < members.count, self.matches(bytes, start, end, members[expected].jsonNameUTF8) {
            return expected
        }
        for index in members.indices where self.matches(bytes, start, end, members[index].jsonNameUTF8) {
            return index
        }
        return acceptsModelNames ? self.indexByModelName(bytes[start..<end], schema) : nil
    }

    /// awsJson takes the model's names even where `jsonName` gives others.
    @inline(never)
    private static func indexByModelName(_ name: ArraySlice<UInt8>, _ schema: ShapeSchema) -> Int? {
        schema.members.firstIndex { $0.traits.jsonName != nil && name.elementsEqual($0.name.utf8) }
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
