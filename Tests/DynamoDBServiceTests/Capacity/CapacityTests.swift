import DynamoDBValues
import Testing

/// Units of reads and writes, from the Developer Guide's rules.
struct CapacityTests {
    @Test(
        arguments: [
            Case(0, 1), Case(1, 1), Case(4096, 1), Case(4097, 2), Case(409_600, 100),
        ] as [Case<Int, Double>])
    func `a read takes a unit for each 4 KB begun`(_ example: Case<Int, Double>) {
        #expect(CapacityUnits.read(bytes: example.input, .strong) == example.output)
        #expect(CapacityUnits.read(bytes: example.input, .eventual) == example.output / 2)
        #expect(CapacityUnits.read(bytes: example.input, .transactional) == example.output * 2)
    }

    @Test(
        arguments: [
            Case(0, 1), Case(1, 1), Case(1024, 1), Case(1025, 2), Case(409_600, 400),
        ] as [Case<Int, Double>])
    func `a write takes a unit for each KB begun`(_ example: Case<Int, Double>) {
        #expect(CapacityUnits.write(bytes: example.input) == example.output)
        #expect(CapacityUnits.write(bytes: example.input, isTransactional: true) == example.output * 2)
    }
}
