import Primitives
import Testing

@Suite struct BigEndianTests {
    @Test func `the highest byte comes first`() {
        var output: [UInt8] = []
        BigEndian.append(UInt8(0x01), to: &output)
        BigEndian.append(UInt16(0x0203), to: &output)
        BigEndian.append(UInt32(0x0405_0607), to: &output)
        BigEndian.append(UInt64(0x0809_0A0B_0C0D_0E0F), to: &output)
        #expect(output == Array(1...15))
        #expect(BigEndian.read(UInt16.self, from: output, at: 1) == 0x0203)
        #expect(BigEndian.read(UInt64.self, from: output[7...]) == 0x0809_0A0B_0C0D_0E0F)
    }

    @Test(arguments: [(0, 3), (1, 4), (4, 4), (5, 4), (-1, 8), (Int.max, 4)])
    func `a number is not read where its bytes are not all there`(_ offset: Int, _ count: Int) {
        #expect(BigEndian.read(UInt32.self, from: [UInt8](repeating: 1, count: count), at: offset) == nil)
    }
}
