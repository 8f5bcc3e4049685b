internal import CPostgres

/// The rows of one result, in PostgreSQL's binary format. Confined to the thread that requested them.
@safe
final class Rows {
    private let result: OpaquePointer

    /// Takes ownership of the result.
    init(owning result: OpaquePointer) {
        unsafe self.result = result
    }

    deinit {
        unsafe PQclear(self.result)
    }

    var count: Int { unsafe Int(PQntuples(self.result)) }

    func isNull(_ row: Int, _ column: Int) -> Bool {
        unsafe PQgetisnull(self.result, Int32(row), Int32(column)) != 0
    }

    /// An integer of any width.
    func number(_ row: Int, _ column: Int) -> Int64 {
        let count = unsafe Int(PQgetlength(self.result, Int32(row), Int32(column)))
        let bytes = unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(self.result, Int32(row), Int32(column)), count: count)
        var value: UInt64 = unsafe count > 0 && bytes[0] & 0x80 != 0 ? .max : 0
        for index in 0..<count { value = unsafe value << 8 | UInt64(bytes[index]) }
        return Int64(bitPattern: value)
    }

    func numberOrNil(_ row: Int, _ column: Int) -> Int64? {
        self.isNull(row, column) ? nil : self.number(row, column)
    }

    func bytes(_ row: Int, _ column: Int) -> [UInt8] {
        let count = unsafe Int(PQgetlength(self.result, Int32(row), Int32(column)))
        let start = unsafe PQgetvalue(self.result, Int32(row), Int32(column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    func text(_ row: Int, _ column: Int) -> String {
        String(decoding: self.bytes(row, column), as: UTF8.self)
    }

    /// The elements of an array of `int4`; empty when the value is not such an array.
    func smallNumbers(_ row: Int, _ column: Int) -> [Int32] {
        let bytes = self.bytes(row, column)
        // 20 bytes of header, then a length and four bytes for each element; none is NULL.
        return stride(from: 24, to: bytes.count, by: 8).compactMap { offset in
            guard offset + 4 <= bytes.count else { return nil }
            return bytes[offset..<offset + 4].reduce(Int32(0)) { $0 << 8 | Int32($1) }
        }
    }
}
