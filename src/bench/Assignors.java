// Kafka's own assignors on the cases of assignment.ts, which asks on standard input, one line a question:
// members topics partitions narrow leavers assignor runs. The answer: milliseconds of CPU time of one run.

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Scanner;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;

public class Assignors {
    static final OperatingSystemMXBean PROCESS =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    static final Map<String, Assignors> PREPARED = new HashMap<>();
    static Object sink;

    final String assignor;
    final Cluster cluster;
    final Map<String, Subscription> group = new HashMap<>();

    public static void main(String[] args) {
        Scanner questions = new Scanner(System.in);
        while (questions.hasNextLine()) {
            String line = questions.nextLine();
            String[] words = line.split(" ");
            Assignors prepared = PREPARED.computeIfAbsent(line, each -> new Assignors(words));
            System.out.println(prepared.measure(Integer.parseInt(words[6])));
            if (words[6].equals("1")) PREPARED.clear();
        }
    }

    Assignors(String[] words) {
        int members = Integer.parseInt(words[0]);
        int topics = Integer.parseInt(words[1]);
        int narrow = Integer.parseInt(words[3]);
        int leavers = Integer.parseInt(words[4]);
        assignor = words[5];
        cluster = cluster(topics, Integer.parseInt(words[2]));
        for (int i = 0; i < members; i++) {
            Subscription subscription = new Subscription(names(i % 2 == 0 || narrow == 0 ? topics : narrow));
            subscription.setGroupInstanceId(Optional.empty());
            group.put(memberId(i), subscription);
        }
        if (leavers > 0) afterLeaving(leavers);
    }

    /** Everybody got something in generation 1; then these left, and the others join again. */
    void afterLeaving(int leavers) {
        Map<String, Assignment> before = run();
        for (int i = 0; i < leavers; i++) group.remove(memberId(i));
        group.replaceAll((id, subscription) -> {
            ConsumerPartitionAssignor one = fresh();
            Assignment assignment = before.get(id);
            one.onAssignment(assignment, new ConsumerGroupMetadata("g", 1, id, Optional.empty()));
            ByteBuffer userData = one.subscriptionUserData(new HashSet<>(subscription.topics()));
            boolean cooperative = assignor.equals("cooperative-sticky");
            Subscription again = new Subscription(subscription.topics(), userData,
                cooperative ? assignment.partitions() : List.of(), 1, Optional.empty());
            again.setGroupInstanceId(Optional.empty());
            return again;
        });
    }

    double measure(int runs) {
        long start = PROCESS.getProcessCpuTime();
        for (int i = 0; i < runs; i++) sink = run();
        return (PROCESS.getProcessCpuTime() - start) / 1e6 / runs;
    }

    Map<String, Assignment> run() {
        for (Subscription each : group.values()) if (each.userData() != null) each.userData().rewind();
        return fresh().assign(cluster, new GroupSubscription(group)).groupAssignment();
    }

    ConsumerPartitionAssignor fresh() {
        return switch (assignor) {
            case "range" -> new RangeAssignor();
            case "roundrobin" -> new RoundRobinAssignor();
            case "sticky" -> new StickyAssignor();
            default -> new CooperativeStickyAssignor();
        };
    }

    static Cluster cluster(int topics, int partitions) {
        Node node = new Node(0, "localhost", 9092);
        Node[] replicas = {node};
        List<PartitionInfo> all = new ArrayList<>();
        for (String topic : names(topics)) {
            for (int p = 0; p < partitions; p++) all.add(new PartitionInfo(topic, p, node, replicas, replicas));
        }
        return new Cluster("c", List.of(node), all, Set.of(), Set.of());
    }

    /** New strings at each call, as after decoding. */
    static List<String> names(int count) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) names.add(String.format("orders-of-region-%04d", i));
        return names;
    }

    static String memberId(int i) {
        return String.format("consumer-billing-1-%08x-7a40-4d1b-9c55-0f2b8e6d7a31", i * 0x9E3779B1);
    }
}
